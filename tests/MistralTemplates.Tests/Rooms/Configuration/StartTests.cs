using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>Starts the two lowest rooms in a folder of their own, as a program would.</summary>
public sealed class StartTests
{
    private const string Policy = """{ "Policy": { "AllowedModels": [ "mistral-small-latest" ], "MaxTokensPerRequest": 4000, "OfflineAllowed": false } }""";

    [Fact]
    public async Task Start_WithKeyAndPolicy_Succeeds()
    {
        using var folder = Folder();

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY_PROD", Key('p')));

        Assert.Equal("", errors);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Start_WithManyProblems_ReportsAllAtOnceAndNoValue()
    {
        using var folder = Folder();
        folder.Write("appsettings.json", "{ \"Keys\": { \"Timeout\": ");
        folder.Write("appsettings.Production.json", """{ "Policy": { "AllowedModels": [], "MaxTokensPerRequest": "canary", "Colour": "canary" }, "Keys": { "PollInterval": "00:00:00" } }""");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", "canary"));

        Assert.Equal(78, code);
        Assert.Contains("6 problems", errors, StringComparison.Ordinal);
        foreach (var setting in new[] { "appsettings.json", "Policy:AllowedModels", "Policy:MaxTokensPerRequest", "Policy:Colour", "Keys:PollInterval", "MISTRAL_API_KEY" })
            Assert.Contains(setting, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.All(errors.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("Production", "Policy", "The environment Production has no policy.")]
    [InlineData("Testing", "Policy", "The environment is not one that this program knows")]
    public async Task Start_NoPolicy_IsRefused(string environment, string setting, string problem)
    {
        using var folder = new TemporaryFolder();
        folder.Write("appsettings.json", "{}");

        var (code, errors) = await StartAsync(folder, environment, Variable("MISTRAL_API_KEY", Key('k')));

        Assert.Equal(78, code);
        Assert.Contains("1 problem.", errors, StringComparison.Ordinal);
        Assert.Contains($"1. {setting}\n", errors.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(problem, Unwrapped(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_EnvironmentInAnotherCase_IsTheSameEnvironment()
    {
        using var folder = Folder();

        var (code, _) = await StartAsync(folder, "production", Variable("MISTRAL_API_KEY_PROD", Key('p')));

        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData("Development", "Set MISTRAL_API_KEY or MISTRAL_API_KEY_DEV, in the environment or in the .env file; or set Mistral__Offline=true to try the program without a key.")]
    [InlineData("Staging", "Set the environment variable MISTRAL_API_KEY_STAGING or MISTRAL_API_KEY. The .env file and Mistral__Offline are for Development only.")]
    [InlineData("Production", "Set the environment variable MISTRAL_API_KEY_PROD or MISTRAL_API_KEY. The .env file and Mistral__Offline are for Development only.")]
    public async Task Start_NoKey_SaysWhereToPutIt(string environment, string remedy)
    {
        using var folder = Folder();
        folder.Write(".env", environment == "Development" ? "" : $"MISTRAL_API_KEY={Key('e')}");

        var (code, errors) = await StartAsync(folder, environment);

        Assert.Equal(78, code);
        Assert.Contains(remedy, Unwrapped(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OfflineInDevelopment_NeedsNoKey()
    {
        using var folder = Folder();

        var (code, _) = await StartAsync(folder, "Development", Variable("Mistral:Offline", "true"));

        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Start_DotEnvFilesInDevelopment_LocalOneWins()
    {
        using var folder = Folder();
        folder.Write(".env", $"MISTRAL_API_KEY=too-short\nKeys__PollInterval=00:00:30");
        folder.Write(".env.local", $"MISTRAL_API_KEY={Key('l')}");

        var (code, errors) = await StartAsync(folder, "Development");

        Assert.Equal("", errors);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Start_DotEnvFileOverARealVariable_NeverWins()
    {
        using var folder = Folder();
        folder.Write(".env", "MISTRAL_API_KEY=too-short");

        var (code, _) = await StartAsync(folder, "Development", Variable("MISTRAL_API_KEY", Key('r')));

        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Start_WrongLineInDotEnv_NamesFileAndLine()
    {
        using var folder = Folder();
        folder.Write(".env", $"MISTRAL_API_KEY={Key('e')}\nA=\"canary");

        var (code, errors) = await StartAsync(folder, "Development");

        Assert.Equal(78, code);
        Assert.Contains("from:  .env line 2", errors, StringComparison.Ordinal);
        // The key that stands there is not said to be missing.
        Assert.Contains("has 1 problem", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Key('e'), errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_KeyOfAnotherEnvironment_IsRefused()
    {
        using var folder = Folder();

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('s')), Variable("MISTRAL_API_KEY_STAGING", Key('s') + "\n"));

        Assert.Equal(78, code);
        Assert.Contains("The key is the same as another environment's key.", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_KeyInASettingsFile_IsRefused()
    {
        using var folder = Folder();
        folder.Write("appsettings.json", $$"""{ "MISTRAL_API_KEY": "{{Key('c')}}" }""");

        var (code, errors) = await StartAsync(folder, "Production");

        Assert.Equal(78, code);
        Assert.Contains("The key stands in a settings file, which is committed with the code.", Unwrapped(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AFolderWithOneFileForEachSetting_WinsOverTheSettingsFiles()
    {
        using var folder = Folder();
        folder.Write("appsettings.json", """{ "SettingsFolder": "mounted", "Keys": { "PollInterval": "00:00:00" } }""");
        folder.Write("mounted/MISTRAL_API_KEY_PROD", Key('f') + "\n");
        folder.Write("mounted/Keys__PollInterval", "00:00:30");

        var (code, errors) = await StartAsync(folder, "Production");

        Assert.Equal("", errors);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Start_AWrongFileInTheFolder_IsNamedWithoutItsValue()
    {
        using var folder = Folder();
        folder.Write("appsettings.json", """{ "SettingsFolder": "mounted" }""");
        folder.Write("mounted/MISTRAL_API_KEY_PROD", Key('f'));
        folder.Write("mounted/Keys__PollInterval", "canary");

        var (code, errors) = await StartAsync(folder, "Production");

        Assert.Equal(78, code);
        Assert.Contains("from:  file Keys__PollInterval in SettingsFolder", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TheFolderWithSettingsIsMissing_IsRefused()
    {
        using var folder = Folder();
        folder.Write("appsettings.json", """{ "SettingsFolder": "mounted" }""");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('k')));

        Assert.Equal(78, code);
        Assert.Contains("The folder with one file for each setting does not exist.", Unwrapped(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mounted/keys__pollInterval", "Two files in the folder set the same setting")]
    [InlineData(null, "A file in the folder with one file for each setting cannot be read.")]
    public async Task Start_TheFolderWithSettingsCannotBeTaken_IsRefused(string? namesake, string problem)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Case tells files apart on Linux alone, and there alone is a file that nobody can read.");
        using var folder = Folder();
        folder.Write("appsettings.json", """{ "SettingsFolder": "mounted" }""");
        folder.Write("mounted/Keys__PollInterval", "00:00:30");
        if (namesake is null)
            File.CreateSymbolicLink(Path.Combine(folder.Path, "mounted", "unread"), "/proc/self/mem");
        else
            folder.Write(namesake, "canary");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('k')));

        Assert.Equal(78, code);
        Assert.Contains(problem, Unwrapped(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", errors, StringComparison.Ordinal);
    }

    /// <summary>The host reads a file of the program's name as well, above all others: a policy, or a key, that nobody looks for there.</summary>
    [Theory]
    [InlineData("settings.json")]
    [InlineData("settings.Production.json")]
    public async Task Start_AFileOfSettingsBesideOurs_IsRefused(string name)
    {
        using var folder = Folder();
        var file = $"{typeof(StartTests).Assembly.GetName().Name}.{name}";
        folder.Write(file, """{ "Policy": { "AllowedModels": [ "another" ] }""");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('k')));

        Assert.Equal(78, code);
        Assert.Contains($"{file}", errors, StringComparison.Ordinal);
        Assert.Contains("Settings stand in appsettings files alone.", Unwrapped(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AFolderWithAPipeThatNobodyWritesTo_IsRefusedAndNoWaitForEver()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such pipes there.");
        using var folder = Folder();
        folder.Write("appsettings.json", """{ "SettingsFolder": "mounted" }""");
        folder.Write("mounted/Keys__PollInterval", "00:00:30");
        (await Command.RunAsync("mkfifo", ["mounted/pipe"], folder.Path, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).EnsureSuccess("mkfifo");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('k'))).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(78, code);
        Assert.Contains("A file in the folder with one file for each setting cannot be read.", Unwrapped(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ASettingsFileCannotBeRead_SaysThatAndNotThatItIsMalformed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There alone is a file that nobody can read.");
        using var folder = Folder();
        File.CreateSymbolicLink(Path.Combine(folder.Path, "appsettings.Own.json"), "/proc/self/mem");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('k')));

        Assert.Equal(78, code);
        Assert.Contains("The file cannot be read.", Unwrapped(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("comma", errors, StringComparison.Ordinal);
    }

    /// <summary>The README names the file at the repository's top; one beside the program adds to it.</summary>
    [Fact]
    public async Task Start_DotEnvFilesInTwoFolders_AreBothRead()
    {
        using var folder = Folder();
        folder.Write("App.slnx", "<Solution />");
        foreach (var name in Directory.GetFiles(folder.Path, "appsettings*.json"))
            folder.Write("src/App/" + Path.GetFileName(name), await File.ReadAllTextAsync(name, TestContext.Current.CancellationToken));
        folder.Write(".env", $"MISTRAL_API_KEY={Key('l')}");
        folder.Write("src/App/.env.local", "Keys__PollInterval=00:00:30");

        var source = new DotEnvSource(Path.Combine(folder.Path, "src", "App"));

        Assert.Equal([".env", ".env.local"], source.Files.Select(file => file.Name));
        Assert.Equal(["Keys__PollInterval", "MISTRAL_API_KEY"], source.Files.SelectMany(file => file.Values.Keys).Order());
    }

    [Theory]
    [InlineData("Plicy", "Policy")]
    [InlineData("key", "Keys")]
    [InlineData("PolicyOptions", null)]
    [InlineData("Polly", null)]
    [InlineData("Days", null)]
    public async Task Start_ASectionIsNearlyOneOfOurs_IsRefused(string section, string? meant)
    {
        using var folder = Folder();
        folder.Write("appsettings.json", $$"""{ "{{section}}": { "PollInterval": "canary" } }""");

        var (code, errors) = await StartAsync(folder, "Production", Variable("MISTRAL_API_KEY", Key('k')));

        Assert.Equal(meant is null ? 0 : 78, code);
        Assert.Contains(meant is null ? "" : $"Write '{meant}' where that is meant", Unwrapped(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", errors, StringComparison.Ordinal);
    }

    /// <summary>Others keep a folder of that name, such as Python's packages.</summary>
    [Fact]
    public void Start_DotEnvIsAFolder_SaysSoAndGoesOn()
    {
        using var folder = Folder();
        var env = Path.Combine(folder.Path, ".env");
        Directory.CreateDirectory(env);

        var source = new DotEnvSource(folder.Path);

        Assert.Empty(source.Files);
        Assert.Equal([$"'{env}' is a folder, and so is not read."], source.Warnings);
    }

    /// <summary>As of standard output that is full: a sentence, and no stack trace.</summary>
    [Fact]
    public async Task Run_OutputCannotBeWritten_SaysSoAndFails()
    {
        using var errors = new StringWriter();

        var code = await StartUp.RunAsync(() => throw new IOException("No space left on device"), errors);

        Assert.Equal(1, code);
        Assert.Equal("The program cannot go on: No space left on device", errors.ToString().Trim());
    }

    private static string Unwrapped(string text) => string.Join(' ', text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));

    private static string Key(char seed) => string.Concat(Enumerable.Range(0, 32).Select(index => (char)('a' + (seed * 7 + index * index) % 26)));

    private static KeyValuePair<string, string?> Variable(string name, string value) => new(name, value);

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        folder.Write("appsettings.json", "{}");
        foreach (var environment in new[] { "Development", "Staging", "Production" })
            folder.Write($"appsettings.{environment}.json", Policy);
        return folder;
    }

    private static async Task<(int Code, string Errors)> StartAsync(TemporaryFolder folder, string environment, params KeyValuePair<string, string?>[] variables)
    {
        using var errors = new StringWriter();
        var code = await StartUp.RunAsync(
            async () =>
            {
                var home = ProgramHome.Find(["--contentRoot", folder.Path]);
                var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = environment });
                builder.AddConfiguration(home);
                builder.Configuration.AddInMemoryCollection(variables);
                builder.AddKeys();
                using var host = builder.Build();
                await host.CheckConfigurationAsync(TestContext.Current.CancellationToken);
                return 0;
            },
            errors);
        return (code, errors.ToString());
    }
}
