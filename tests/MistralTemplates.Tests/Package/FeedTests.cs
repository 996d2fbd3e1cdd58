using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Package;

/// <summary>The package's life with a user who gets it from a feed: installed, updated from the version before, and gone without a trace.</summary>
public sealed class FeedTests(PackFixture fixture)
{
    private const string Before = "0.0.9";
    private const string PackageId = "MistralTemplates";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Package_FromAFeed_IsInstalledUpdatedAndUninstalledClean()
    {
        var folder = fixture.NewFolder("feed");
        var feed = fixture.NewFolder("feed/packages");
        await TemplatePack.BuildPackageAsync(feed, CancellationToken, Before);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "nuget.config"), $"""<configuration><packageSources><clear /><add key="feed" value="{feed}" /></packageSources></configuration>""", CancellationToken);

        var installed = await NewAsync(folder, "install", PackageId + "@" + Before);
        Assert.Contains("mistral-secure-worker", installed, StringComparison.Ordinal);
        Assert.Contains(Before, await NewAsync(folder, "uninstall"), StringComparison.Ordinal);
        var details = await NewAsync(folder, "details", PackageId);
        foreach (var text in (string[])["tamper-evident audit log", "The MistralTemplates authors", "MIT"])
            Assert.Contains(text, details, StringComparison.Ordinal);
        Assert.Contains("up-to-date", await NewAsync(folder, "update", "--check-only"), StringComparison.Ordinal);

        var current = (await fixture.PackAsync()).PackageFile;
        var version = Path.GetFileNameWithoutExtension(current)[(PackageId.Length + 1)..];
        File.Copy(current, Path.Combine(feed, Path.GetFileName(current)));
        Assert.Contains(version, await NewAsync(folder, "update", "--check-only"), StringComparison.Ordinal);
        await NewAsync(folder, "update");
        var listed = await NewAsync(folder, "uninstall");
        Assert.Contains(version, listed, StringComparison.Ordinal);
        Assert.DoesNotContain(Before, listed, StringComparison.Ordinal);
        await NewAsync(folder, "mistral-secure-console", "-n", PackFixture.Name, "--no-restore");
        Assert.True(File.Exists(Path.Combine(folder, PackFixture.Name, "Program.cs")));

        await NewAsync(folder, "uninstall", PackageId);
        Assert.Equal(103, (await RunAsync(folder, "list", "mistral")).ExitCode);
        Assert.Empty(Directory.EnumerateFiles(Hive(folder), PackageId + "*", SearchOption.AllDirectories));
    }

    private static async Task<string> NewAsync(string folder, params string[] arguments) => (await RunAsync(folder, arguments)).EnsureSuccess($"dotnet new {arguments[0]}").Output;

    private static Task<CommandResult> RunAsync(string folder, params string[] arguments) =>
        Command.RunAsync("dotnet", ["new", .. arguments, "--debug:custom-hive", Hive(folder)], folder, s_limit, CancellationToken);

    private static string Hive(string folder) => Path.Combine(folder, "hive");
}
