using System.Runtime.InteropServices;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Programs;

public sealed class PublishTests(PackFixture fixture)
{
    private static readonly Dictionary<string, string> s_offline = new() { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

    /// <summary>What the shells call when the tab key is pressed, without a terminal.</summary>
    private static readonly (string Shell, string[] Options, string Script)[] s_completions =
    [
        ("bash", ["--norc", "-c"], """
            eval "$("$0" completion bash)"
            COMP_WORDS=("$0" chat --m) COMP_CWORD=2 COMP_LINE="APP chat --m" COMP_POINT=${#COMP_LINE}
            _APP_complete && printf '%s\n' "${COMPREPLY[@]}"
            """),
        ("zsh", ["-f", "-c"], """
            compdef() { [ "$*" = "_APP_complete APP" ]; }; compadd() { shift; print -l -- $@ }; _files() { :; }
            eval "$("$0" completion zsh)"
            BUFFER="APP chat --m"; CURSOR=${#BUFFER}
            _APP_complete
            """),
    ];

    /// <summary>Jobs hold prompts and answers, and whatever lies in the inbox would be answered where the program is published to.</summary>
    [Fact]
    public async Task Worker_WithJobsBesideItsCode_PublishesNoneOfThem()
    {
        var project = await fixture.CreateAsync("published-worker", "mistral-secure-worker", PackFixture.Name);
        foreach (var folder in new[] { "inbox", "waiting", "working/one", "done", "failed" })
        {
            Directory.CreateDirectory(Path.Combine(project, "jobs", folder));
            await File.WriteAllTextAsync(Path.Combine(project, "jobs", folder, "a.json"), "{}", TestContext.Current.CancellationToken);
        }

        var items = (await Command.RunAsync(
            "dotnet", ["msbuild", project, "-getItem:Content", "-getItem:None"], project, TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken)).EnsureSuccess("dotnet msbuild");

        Assert.Contains("appsettings.json", items.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a.json", items.Output, StringComparison.Ordinal);
    }

    /// <summary>The program is one file, with its settings beside it, answers wherever it is called from, and completes its command lines.</summary>
    [Fact]
    public async Task Console_PublishedAsASingleFile_AnswersFromAnotherFolderAndCompletesInTheShells()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var project = await fixture.CreateAsync("published", "mistral-secure-console", PackFixture.Name);
        var (published, elsewhere) = (fixture.NewFolder("published-program"), fixture.NewFolder("published-elsewhere"));

        (await Command.RunAsync(
            "dotnet", ["publish", project, "-nologo", "-p:PublishSingleFile=true", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", published, "-warnaserror", "-warnnotaserror:NU1900,NU1901,NU1902,NU1903,NU1904"],
            project, TimeSpan.FromMinutes(5), cancellationToken)).EnsureSuccess("dotnet publish");

        Assert.Empty(Directory.GetFiles(published, "*.dll"));
        var program = Path.Combine(published, PackFixture.Name + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var answer = await Command.RunAsync(program, ["chat", "Hello"], elsewhere, TimeSpan.FromMinutes(1), cancellationToken, s_offline);
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Equal("", answer.Error);
        Assert.Contains("Hello", answer.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
        Assert.True(File.Exists(Path.Combine(published, "audit", "audit.jsonl")));

        if (OperatingSystem.IsWindows())
            return;
        var search = new Dictionary<string, string> { ["PATH"] = published + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH") };
        foreach (var (shell, options, script) in s_completions)
        {
            Assert.SkipUnless(IsInstalled(shell), $"{shell} is not installed.");
            var offered = await Command.RunAsync(shell, [.. options, script.Replace("APP", PackFixture.Name, StringComparison.Ordinal), program], elsewhere, TimeSpan.FromMinutes(1), cancellationToken, search);
            Assert.True(offered.ExitCode == 0, offered.Error);
            Assert.Equal(["--max-tokens", "--model"], offered.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
