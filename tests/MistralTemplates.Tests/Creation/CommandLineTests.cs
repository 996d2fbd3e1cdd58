using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>What <c>dotnet new</c> says to its user.</summary>
public sealed class CommandLineTests(PackFixture fixture)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task List_OfMistral_ShowsTheFourTemplates()
    {
        var result = await (await fixture.PackAsync()).NewAsync(["list", "mistral"], fixture.Folder, CancellationToken);

        Snapshot.Match("list", Lines(result.Output));
    }

    [Theory]
    [InlineData("mistral-secure")]
    [InlineData("mistral-secure-api")]
    [InlineData("mistral-secure-console")]
    [InlineData("mistral-secure-worker")]
    public async Task Help_OfEachTemplate_ReadsAsApproved(string shortName)
    {
        var result = await (await fixture.PackAsync()).NewAsync([shortName, "--help"], fixture.Folder, CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Snapshot.Match("help-" + shortName, Lines(result.Output));
    }

    [Theory]
    [InlineData("de")]
    [InlineData("es")]
    [InlineData("fr")]
    [InlineData("ja")]
    [InlineData("zh-Hans")]
    public async Task Help_InEachLanguage_IsTranslated(string language)
    {
        var strings = TemplateFiles.ReadJson(Path.Combine(TemplateFiles.Folder, "config", "localize", $"templatestrings.{language}.json"));
        // Another language writes the hive's cache anew, under the feet of the tests beside this one.
        var hive = fixture.NewFolder("hive-" + language);
        PackFixture.CopyFiles((await fixture.PackAsync()).Hive, hive);

        var result = await Command.RunAsync(
            "dotnet", ["new", "mistral-secure-console", "--help", "--debug:custom-hive", hive], fixture.Folder, TimeSpan.FromMinutes(1), CancellationToken,
            new Dictionary<string, string> { ["DOTNET_CLI_UI_LANGUAGE"] = language });

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(strings.GetProperty("mistral-secure-console/name").GetString()!, result.Output, StringComparison.Ordinal);
        // The help breaks its lines where the screen ends.
        Assert.Contains(Letters(strings.GetProperty("symbols/secrets/description").GetString()!), Letters(result.Output), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--kind", "desktop")]
    [InlineData("--ci", "jenkins")]
    [InlineData("--colour", "red")]
    public async Task Create_WithAWrongOption_RefusesAndWritesNothing(string option, string value)
    {
        var parent = fixture.NewFolder("wrong-option" + option);
        var result = await (await fixture.PackAsync()).CreateAsync(parent, "mistral-secure", "Acme.Chat", [option, value], CancellationToken);

        Assert.Equal(127, result.ExitCode);
        Assert.Contains(value, result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(parent));
    }

    [Fact]
    public async Task Create_OverAFileOfTheUser_RefusesAndLeavesItAlone()
    {
        var parent = fixture.NewFolder("occupied");
        var readme = Path.Combine(parent, "Acme.Chat", "README.md");
        Directory.CreateDirectory(Path.GetDirectoryName(readme)!);
        await File.WriteAllTextAsync(readme, "Mine.", CancellationToken);

        var result = await (await fixture.PackAsync()).CreateAsync(parent, "mistral-secure", "Acme.Chat", [], CancellationToken);

        Assert.Equal(73, result.ExitCode);
        Assert.Contains("README.md", result.Error, StringComparison.Ordinal);
        Assert.Equal("Mine.", await File.ReadAllTextAsync(readme, CancellationToken));
        Assert.Single(Directory.EnumerateFileSystemEntries(parent, "*", SearchOption.AllDirectories), entry => entry != Path.GetDirectoryName(readme));
    }

    [Theory]
    [InlineData("api", "--launch-profile offline")]
    [InlineData("console", "--launch-profile offline -- chat")]
    [InlineData("worker", "jobs/inbox/")]
    public async Task Create_OfEachKind_PrintsTheNextSteps(string kind, string step)
    {
        var result = await (await fixture.PackAsync()).CreateAsync(fixture.NewFolder("steps-" + kind), "mistral-secure", "Acme.Chat", ["--no-restore", "--kind", kind], CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(step, result.Output, StringComparison.Ordinal);
        Assert.Contains("src/Acme.Chat", result.Output, StringComparison.Ordinal);
        Assert.Contains(".env.example", result.Output, StringComparison.Ordinal);
    }

    /// <summary>Windows tells its name in a variable. Its shells take no single quotes, or mean something else by curl, and its files have no modes.</summary>
    [Theory]
    [InlineData("mistral-secure")]
    [InlineData("mistral-secure-api")]
    public async Task Create_OnWindows_PrintsTheNextStepsForItsShell(string shortName)
    {
        var parent = fixture.NewFolder("windows-" + shortName);
        var result = await Command.RunAsync(
            "dotnet", ["new", shortName, "-n", "Acme.Chat", "--no-restore", "--no-update-check", "--debug:custom-hive", (await fixture.PackAsync()).Hive],
            parent, TimeSpan.FromMinutes(1), CancellationToken, new Dictionary<string, string> { ["OS"] = "Windows_NT" });

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Invoke-RestMethod http", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("curl", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("chmod", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WithoutAName_TakesTheTemplatesOwn()
    {
        var parent = fixture.NewFolder("no-name");
        var result = await (await fixture.PackAsync()).NewAsync(["mistral-secure-worker", "--no-restore", "--no-update-check"], parent, CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Assert.True(File.Exists(Path.Combine(parent, "MistralWorker.csproj")) || File.Exists(Path.Combine(parent, "MistralWorker", "MistralWorker.csproj")), result.Output);
    }

    private static string Letters(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));

    private static string Lines(string output) =>
        string.Join('\n', output.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())).Trim() + "\n";
}
