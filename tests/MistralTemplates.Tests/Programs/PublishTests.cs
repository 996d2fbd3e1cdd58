using System.Runtime.InteropServices;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Programs;

public sealed class PublishTests(PackFixture fixture)
{
    private static readonly Dictionary<string, string> s_offline = new() { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

    /// <summary>The program is one file, with its settings beside it, and answers wherever it is called from.</summary>
    [Fact]
    public async Task Console_PublishedAsASingleFile_AnswersFromAnotherFolder()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var project = await fixture.CreateAsync("published", "mistral-secure-console", PackFixture.Name);
        var (published, elsewhere) = (fixture.NewFolder("published-program"), fixture.NewFolder("published-elsewhere"));

        (await Command.RunAsync(
            "dotnet", ["publish", project, "-nologo", "-p:PublishSingleFile=true", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", published, "-warnaserror", "-warnnotaserror:NU1901,NU1902,NU1903,NU1904"],
            project, TimeSpan.FromMinutes(5), cancellationToken)).EnsureSuccess("dotnet publish");

        Assert.Empty(Directory.GetFiles(published, "*.dll"));
        var program = Path.Combine(published, PackFixture.Name + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var answer = await Command.RunAsync(program, ["chat", "Hello"], elsewhere, TimeSpan.FromMinutes(1), cancellationToken, s_offline);
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Equal("", answer.Error);
        Assert.Contains("Hello", answer.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
        Assert.True(File.Exists(Path.Combine(published, "audit", "audit.jsonl")));
    }
}
