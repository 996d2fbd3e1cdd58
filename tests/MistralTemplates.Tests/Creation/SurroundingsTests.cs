using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>A project lands in a repository that has rules of its own: it builds there without a word all the same.</summary>
public sealed class SurroundingsTests(PackFixture fixture)
{
    private const string WorkingSource = "WORKING-SOURCE";
    private const string IgnoredByGit = "ignored by git";
    private const string ArtifactsOutput = "artifacts output";
    private const string AllAnalysis = "all analysis";

    private static readonly Dictionary<string, (string File, string Text)[]> s_surroundings = new()
    {
        ["central package management"] = [("Directory.Packages.props", "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>")],
        ["strict properties"] =
        [
            ("Directory.Build.props", """
                <Project><PropertyGroup>
                  <TargetFramework>net8.0</TargetFramework><LangVersion>12</LangVersion><Nullable>disable</Nullable><ImplicitUsings>disable</ImplicitUsings>
                  <TreatWarningsAsErrors>true</TreatWarningsAsErrors><AnalysisLevel>latest</AnalysisLevel><EnforceCodeStyleInBuild>true</EnforceCodeStyleInBuild>
                </PropertyGroup></Project>
                """),
        ],
        [AllAnalysis] =
        [
            ("Directory.Build.props", """
                <Project><PropertyGroup>
                  <AnalysisMode>All</AnalysisMode><AnalysisLevel>latest-all</AnalysisLevel><EnforceCodeStyleInBuild>true</EnforceCodeStyleInBuild>
                  <CodeAnalysisTreatWarningsAsErrors>true</CodeAnalysisTreatWarningsAsErrors>
                </PropertyGroup></Project>
                """),
            (".editorconfig", "root = true\n[*.cs]\ncsharp_style_namespace_declarations = block_scoped:error\ndotnet_diagnostic.IDE0008.severity = error\n"),
        ],
        ["documentation files"] = [("Directory.Build.props", "<Project><PropertyGroup><GenerateDocumentationFile>true</GenerateDocumentationFile></PropertyGroup></Project>")],
        [ArtifactsOutput] = [("Directory.Build.props", "<Project><PropertyGroup><UseArtifactsOutput>true</UseArtifactsOutput></PropertyGroup></Project>")],
        [IgnoredByGit] = [(".gitignore", "*\n")],
        ["cleared package sources"] =
        [
            ("nuget.config", "<configuration><packageSources><clear /><add key=\"working\" value=\"" + WorkingSource + "\" /></packageSources></configuration>"),
        ],
        ["another editorconfig"] = [(".editorconfig", "root = true\n[*.cs]\nindent_style = tab\ncsharp_style_namespace_declarations = block_scoped:error\n")],
        ["another sdk"] = [("global.json", "{ \"sdk\": { \"version\": \"10.0.100\", \"rollForward\": \"latestMajor\" } }")],
        ["spaces and Ünicode 路"] = [],
    };

    private static readonly Dictionary<string, string> s_offline = new() { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>Each surrounding with a console; with each template in the full matrix.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            string[] templates = Variant.IsFullMatrix ? ["mistral-secure", "mistral-secure-api", "mistral-secure-console", "mistral-secure-worker"] : ["mistral-secure-console"];
            var cases = new TheoryData<string, string>();
            foreach (var name in s_surroundings.Keys)
            {
                // The names of the repository's tests have underscores, which this analysis does not like.
                foreach (var template in templates.Where(template => name != AllAnalysis || template != "mistral-secure"))
                    cases.Add(name, template);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Project_InAHostileParent_BuildsAndAnswers(string name, string template)
    {
        var parent = fixture.NewFolder($"around/{template}/{name}");
        foreach (var (file, text) in s_surroundings[name])
            await File.WriteAllTextAsync(Path.Combine(parent, file), text.Replace(WorkingSource, await SourceAsync(), StringComparison.Ordinal), CancellationToken);
        if (name == IgnoredByGit)
            (await Command.RunAsync("git", ["init", "--quiet"], parent, TimeSpan.FromMinutes(1), CancellationToken)).EnsureSuccess("git init");
        var folder = await fixture.CreateAsync($"around/{template}/{name}", template, PackFixture.Name);

        var project = new GeneratedRepository(folder, PackFixture.Name, template == "mistral-secure" ? "api" : template["mistral-secure-".Length..]);
        await project.BuildAsync(CancellationToken);

        var settings = Directory.GetFiles(parent, PackFixture.Name + ".runtimeconfig.json", SearchOption.AllDirectories);
        Assert.NotEmpty(settings);
        Assert.All(settings, file => Assert.Contains("net10.0", File.ReadAllText(file), StringComparison.Ordinal));
        if (name == ArtifactsOutput)
        {
            Assert.Empty(Directory.GetDirectories(project.ProjectFolder, "bin"));
            project.Elsewhere = Directory.GetFiles(Path.Combine(parent, "artifacts", "bin", PackFixture.Name), PackFixture.Name + ".dll", SearchOption.AllDirectories).Single();
        }

        Assert.Contains("Hello", (await project.ChatOfflineAsync("Hello", CancellationToken)).Answer, StringComparison.Ordinal);
    }

    /// <summary>A build agent may have neither git nor a home that can be written.</summary>
    [Fact]
    public async Task Project_WithoutGitAndWithAHomeThatCannotBeWritten_IsCreatedBuiltAndAnswers()
    {
        var parent = fixture.NewFolder("no-home");
        var noHome = Path.Combine(parent, "no-folder");
        await File.WriteAllTextAsync(noHome, "", CancellationToken);
        var environment = new Dictionary<string, string>(s_offline)
        {
            ["HOME"] = noHome,
            ["USERPROFILE"] = noHome,
            ["PATH"] = Path.GetDirectoryName(DotnetPath())!,
            // The command line itself wants a folder, as an agent without a home gives it one.
            ["DOTNET_CLI_HOME"] = fixture.NewFolder("no-home-cli"),
            ["NUGET_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        };
        Task<CommandResult> DotnetAsync(string folder, params string[] arguments) =>
            Command.RunAsync(DotnetPath(), arguments, folder, TimeSpan.FromMinutes(3), CancellationToken, environment);

        (await DotnetAsync(parent, "new", "mistral-secure-console", "-n", PackFixture.Name, "--no-restore", "--no-update-check", "--debug:custom-hive", (await fixture.PackAsync()).Hive)).EnsureSuccess("dotnet new");
        var project = new GeneratedRepository(Path.Combine(parent, PackFixture.Name), PackFixture.Name, "console");
        (await DotnetAsync(project.Folder, "build", "-nologo", "-warnaserror", "-warnnotaserror:NU1900,NU1901,NU1902,NU1903,NU1904")).EnsureSuccess("dotnet build");
        var answer = await DotnetAsync(project.Folder, project.ProgramFile, "chat", "Hello");

        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("Hello", answer.Output, StringComparison.Ordinal);
    }

    /// <summary>The first source that this machine restores from.</summary>
    private static async Task<string> SourceAsync()
    {
        var sources = await Command.RunAsync("dotnet", ["nuget", "list", "source", "--format", "short"], TemplatePack.RepositoryRoot, TimeSpan.FromMinutes(1), CancellationToken);
        return sources.Output.Split('\n').First(line => line.StartsWith("E ", StringComparison.Ordinal))[2..].Trim();
    }

    private static string DotnetPath() => Path.Combine(
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")), OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
}
