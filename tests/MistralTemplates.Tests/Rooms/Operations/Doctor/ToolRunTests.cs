using Acme.App.Operations.Doctor;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

public sealed class ToolRunTests
{
    /// <summary>What git or a build starts is the repository's choice, and inherits what they were given.</summary>
    [Theory]
    [InlineData("MISTRAL_API_KEY_PROD", true)]
    [InlineData("Audit__ChainKey", true)]
    [InlineData("ConnectionStrings__Redis", true)]
    [InlineData("Audit:CheckpointKey", true)]
    [InlineData("AWS_SESSION_TOKEN", true)]
    [InlineData("VAULT_TOKEN", true)]
    [InlineData("CUSTOMCONNSTR_Redis", true)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", true)]
    [InlineData("IDENTITY_HEADER", true)]
    [InlineData("NuGetPackageSourceCredentials_My__Feed", false)]
    [InlineData("GIT_TRACE", true)]
    [InlineData("GIT_TRACE2_EVENT", true)]
    [InlineData("GIT_INDEX_FILE", false)]
    [InlineData("DOTNET_ROOT", false)]
    [InlineData("HTTPS_PROXY", false)]
    [InlineData("PATH", false)]
    public void Environment_OfATool_HasNoneOfTheProgramsSettings(string variable, bool isLeftOut) => Assert.Equal(isLeftOut, ToolRun.IsOfTheProgram(variable));

    /// <summary>.NET, given a name, takes a program of that name in the current folder, which a repository may hold.</summary>
    [Fact]
    public void PlacesOf_Program_AreThoseAlongThePath()
    {
        var places = ToolRun.PlacesOf("git").ToList();

        Assert.Contains(places, File.Exists);
        Assert.All(places, place => Assert.True(Path.IsPathFullyQualified(place), place));
    }

    [Fact]
    public void Start_ProgramThatIsNowhere_IsWhatDotNetSaysOfIt() =>
        Assert.Throws<System.ComponentModel.Win32Exception>(() => new ToolRun("no-such-program", [], [], TestContext.Current.CancellationToken));

    /// <summary>Two threads that close the input at the same time made one check in some thousands fail.</summary>
    [Fact]
    public void Dispose_InputIsStillBeingWritten_WaitsForItsEnd()
    {
        var isWritten = false;
        using (var git = new ToolRun("git", ["--version"], Slow(), TestContext.Current.CancellationToken))
        {
            Assert.StartsWith("git version", git.Text.ReadToEnd(), StringComparison.Ordinal);
            Assert.Equal(0, git.End(out _));
        }

        Assert.True(isWritten);

        IEnumerable<string> Slow()
        {
            Thread.Sleep(500);
            isWritten = true;
            yield return "late";
        }
    }
}
