using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>A project lands in a repository that has rules of its own: it builds there without a word all the same.</summary>
public sealed class SurroundingsTests(PackFixture fixture)
{
    private const string WorkingSource = "WORKING-SOURCE";

    private static readonly Dictionary<string, (string File, string Text)[]> s_surroundings = new()
    {
        ["central package management"] = [("Directory.Packages.props", "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>")],
        ["strict properties"] =
        [
            ("Directory.Build.props", """
                <Project><PropertyGroup>
                  <TargetFramework>net8.0</TargetFramework><Nullable>disable</Nullable><ImplicitUsings>disable</ImplicitUsings>
                  <TreatWarningsAsErrors>true</TreatWarningsAsErrors><AnalysisLevel>latest</AnalysisLevel><EnforceCodeStyleInBuild>true</EnforceCodeStyleInBuild>
                </PropertyGroup></Project>
                """),
        ],
        ["artifacts output"] = [("Directory.Build.props", "<Project><PropertyGroup><UseArtifactsOutput>true</UseArtifactsOutput></PropertyGroup></Project>")],
        ["ignored by git"] = [(".gitignore", "*\n")],
        ["cleared package sources"] =
        [
            ("nuget.config", "<configuration><packageSources><clear /><add key=\"working\" value=\"" + WorkingSource + "\" /></packageSources></configuration>"),
        ],
        ["another editorconfig"] = [(".editorconfig", "root = true\n[*.cs]\nindent_style = tab\ncsharp_style_namespace_declarations = block_scoped:error\n")],
        ["another sdk"] = [("global.json", "{ \"sdk\": { \"version\": \"10.0.100\", \"rollForward\": \"latestMajor\" } }")],
        ["spaces and Ünicode 路"] = [],
    };

    private static readonly Dictionary<string, string> s_offline = new() { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

    public static TheoryData<string> Names => [.. s_surroundings.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ProjectAlone_InAHostileParent_BuildsAndAnswers(string name)
    {
        var parent = fixture.NewFolder("around/" + name);
        foreach (var (file, text) in s_surroundings[name])
            await File.WriteAllTextAsync(Path.Combine(parent, file), text.Replace(WorkingSource, await SourceAsync(), StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var folder = await fixture.CreateAsync("around/" + name, "mistral-secure-console", PackFixture.Name);

        var project = new GeneratedRepository(folder, PackFixture.Name, "console");
        await project.BuildAsync(TestContext.Current.CancellationToken);

        var program = Assert.Single(Directory.GetFiles(parent, PackFixture.Name + ".runtimeconfig.json", SearchOption.AllDirectories));
        Assert.Contains("net10.0", await File.ReadAllTextAsync(program, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var answer = await Command.RunAsync(
            "dotnet", [Path.ChangeExtension(Path.ChangeExtension(program, null), ".dll"), "chat", "Hello"], folder, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, s_offline);
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("Hello", answer.Output, StringComparison.Ordinal);
    }

    /// <summary>A build agent may have neither git nor a home that can be written.</summary>
    [Fact]
    public async Task Program_WithoutGitAndWithAHomeThatCannotBeWritten_Answers()
    {
        var program = await fixture.BuiltAsync(Variant.FindBuilt("mistral-secure-console", "console"));
        var noHome = Path.Combine(program.Folder, "no-folder");
        await File.WriteAllTextAsync(noHome, "", TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>(s_offline) { ["HOME"] = noHome, ["USERPROFILE"] = noHome, ["PATH"] = "" };

        var answer = await Command.RunAsync(
            DotnetPath(), [program.ProgramFile, "chat", "Hello"], program.Folder, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, environment);

        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("Hello", answer.Output, StringComparison.Ordinal);
    }

    /// <summary>The first source that this machine restores from.</summary>
    private static async Task<string> SourceAsync()
    {
        var sources = await Command.RunAsync("dotnet", ["nuget", "list", "source", "--format", "short"], TemplatePack.RepositoryRoot, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        return sources.Output.Split('\n').First(line => line.StartsWith("E ", StringComparison.Ordinal))[2..].Trim();
    }

    private static string DotnetPath() => Path.Combine(
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")), OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
}
