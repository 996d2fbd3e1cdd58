using Acme.App.Operations.Doctor;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

public sealed class GitRepositoryTests
{
    /// <summary>As below <c>/tmp</c> on macOS, and on a drive of Windows that stands for a folder: else no file of the program would seem to lie in the repository.</summary>
    [Fact]
    public async Task Open_FolderBehindALink_NamesTheTopAsTheFolderIsNamed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only an administrator makes links there.");
        using var folder = await GitFolder.CreateAsync();
        folder.Write("src/App/App.csproj", "<Project />\n");
        using var elsewhere = new TemporaryFolder();
        var link = Path.Combine(elsewhere.Path, "link");
        Directory.CreateSymbolicLink(link, folder.Path);
        var home = Path.Combine(link, "src", "App");

        var repository = GitRepository.Open(home, isDemanded: true, TestContext.Current.CancellationToken);

        Assert.Equal(link, repository?.Top);
        using var patient = new Patient(home, repository);
        Assert.Equal([link, Path.Combine(link, "src"), home], patient.Folders);
    }

    [Fact]
    public async Task Open_FolderThatIsALinkWithinTheRepository_FindsTheTop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only an administrator makes links there.");
        using var folder = await GitFolder.CreateAsync();
        folder.Write("real/deep/App/App.csproj", "<Project />\n");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "link"), Path.Combine(folder.Path, "real", "deep", "App"));

        var repository = GitRepository.Open(Path.Combine(folder.Path, "link"), isDemanded: true, TestContext.Current.CancellationToken);

        Assert.Equal(folder.Path, repository?.Top);
    }

    /// <summary>What lies around the link is another repository, in which nothing of the program would be found.</summary>
    [Theory]
    [InlineData("link")]
    [InlineData("src")]
    [InlineData("deep/App")]
    public async Task Open_LinkIntoAnotherRepository_FindsThatOne(string link)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only an administrator makes links there.");
        using var inner = await GitFolder.CreateAsync();
        inner.Write("src/App/App.csproj", "<Project />\n");
        using var outer = await GitFolder.CreateAsync();
        outer.Write("deep/a.txt", "a\n");
        var target = link.EndsWith("App", StringComparison.Ordinal) ? "src/App" : "src";
        Directory.CreateSymbolicLink(Path.Combine(outer.Path, link), Path.Combine(inner.Path, target));

        var repository = GitRepository.Open(Path.Combine(outer.Path, link), isDemanded: true, TestContext.Current.CancellationToken);

        Assert.Equal(inner.Path, repository?.Top);
    }

    /// <summary>As many steps up as git tells lead from the link's name to a folder that lies in the same repository and is not its top.</summary>
    [Fact]
    public async Task Open_LinkFromDeepWithinTheRepository_FindsTheTop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only an administrator makes links there.");
        using var folder = await GitFolder.CreateAsync();
        folder.Write("real/App/App.csproj", "<Project />\n");
        folder.Write("samples/x/y/a.txt", "a\n");
        var link = Path.Combine(folder.Path, "samples", "x", "y", "link");
        Directory.CreateSymbolicLink(link, Path.Combine(folder.Path, "real", "App"));

        var repository = GitRepository.Open(link, isDemanded: true, TestContext.Current.CancellationToken);

        Assert.Equal(folder.Path, repository?.Top);
    }

    [Theory]
    [InlineData("")]
    [InlineData("src/App")]
    public async Task Open_FolderOfARepository_FindsTheTop(string inside)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write("src/App/App.csproj", "<Project />\n");

        var repository = GitRepository.Open(Path.Combine(folder.Path, inside), isDemanded: true, TestContext.Current.CancellationToken);

        Assert.Equal(folder.Path, repository?.Top);
    }

    /// <summary>A private key has lines, which a checkout on Windows ends otherwise than the history does.</summary>
    [Fact]
    public void FingerprintOf_OtherEndsOfLines_IsTheSame() =>
        Assert.Equal(AllowFile.FingerprintOf("first\nsecond"), AllowFile.FingerprintOf("first\r\nsecond"));

    /// <summary>In Latin-1, by which files are read, a part of a letter in UTF-8 is an end of a line to Unicode.</summary>
    [Fact]
    public void FingerprintOf_OtherValues_Differ() =>
        Assert.NotEqual(AllowFile.FingerprintOf("first\nsecond"), AllowFile.FingerprintOf("first\u0085second"));
}
