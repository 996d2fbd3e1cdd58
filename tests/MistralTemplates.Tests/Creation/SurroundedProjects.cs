using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>A project in each surrounding, those built together whose surrounding does not say how dotnet itself is called.</summary>
public sealed class SurroundedProjects
{
    public const string ArtifactsOutput = "artifacts output";

    private const string WorkingSource = "WORKING-SOURCE";
    private const string IgnoredByGit = "ignored by git";
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

    private readonly PackFixture _fixture;
    private readonly Lazy<Task<Dictionary<(string Name, string Template), GeneratedRepository>>> _projects;
    private readonly Lazy<Task<Batch>> _build;

    public SurroundedProjects(PackFixture fixture)
    {
        _fixture = fixture;
        _projects = new(CreateAsync);
        _build = new(BuildAsync);
    }

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

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static string ParentOf(GeneratedRepository project) => Path.GetDirectoryName(project.Folder)!;

    public async Task<GeneratedRepository> BuiltAsync(string name, string template)
    {
        var project = (await _projects.Value)[(name, template)];
        if (IsBuiltAlone(project))
            await project.BuildAsync(CancellationToken);
        else
            Assert.Empty((await _build.Value).ComplaintsAbout(ParentOf(project)));
        return project;
    }

    /// <summary>These are read where dotnet is called.</summary>
    private static bool IsBuiltAlone(GeneratedRepository project) =>
        File.Exists(Path.Combine(ParentOf(project), "global.json")) || File.Exists(Path.Combine(ParentOf(project), "nuget.config"));

    private async Task<Dictionary<(string Name, string Template), GeneratedRepository>> CreateAsync()
    {
        var projects = new Dictionary<(string Name, string Template), GeneratedRepository>();
        foreach (var (name, template) in Cases.Select(row => row.Data))
        {
            var parent = _fixture.NewFolder($"around/{template}/{name}");
            foreach (var (file, text) in s_surroundings[name])
                await File.WriteAllTextAsync(Path.Combine(parent, file), text.Replace(WorkingSource, await SourceAsync(), StringComparison.Ordinal), CancellationToken);
            if (name == IgnoredByGit)
                (await Command.RunAsync("git", ["init", "--quiet"], parent, TimeSpan.FromMinutes(1), CancellationToken)).EnsureSuccess("git init");
            var folder = await _fixture.CreateAsync($"around/{template}/{name}", template, PackFixture.Name);
            projects[(name, template)] = new(folder, PackFixture.Name, template == "mistral-secure" ? "api" : template["mistral-secure-".Length..]);
        }

        return projects;
    }

    private async Task<Batch> BuildAsync()
    {
        var together = (await _projects.Value).Values.Where(project => !IsBuiltAlone(project));
        return await Batch.BuildAsync(
            _fixture.NewFolder("around"),
            together.SelectMany(project => Directory.EnumerateFiles(project.Folder, "*.csproj", SearchOption.AllDirectories)),
            CancellationToken.None);
    }

    /// <summary>The first source that this machine restores from.</summary>
    private static async Task<string> SourceAsync()
    {
        var sources = await Command.RunAsync("dotnet", ["nuget", "list", "source", "--format", "short"], TemplatePack.RepositoryRoot, TimeSpan.FromMinutes(1), CancellationToken);
        return sources.Output.Split('\n').First(line => line.StartsWith("E ", StringComparison.Ordinal))[2..].Trim();
    }
}
