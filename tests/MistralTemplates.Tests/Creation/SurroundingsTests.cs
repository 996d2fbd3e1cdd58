using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>A project lands in a repository that has rules of its own: it builds there without a word all the same.</summary>
public sealed class SurroundingsTests(PackFixture fixture, SurroundedProjects projects) : IClassFixture<SurroundedProjects>
{
    private static readonly Dictionary<string, string> s_offline = new() { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SurroundedProjects.Cases), MemberType = typeof(SurroundedProjects))]
    public async Task Project_InAHostileParent_BuildsAndAnswers(string name, string template)
    {
        var project = await projects.BuiltAsync(name, template);

        var parent = SurroundedProjects.ParentOf(project);
        var settings = Directory.GetFiles(parent, PackFixture.Name + ".runtimeconfig.json", SearchOption.AllDirectories);
        Assert.NotEmpty(settings);
        Assert.All(settings, file => Assert.Contains("net10.0", File.ReadAllText(file), StringComparison.Ordinal));
        if (name == SurroundedProjects.ArtifactsOutput)
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

    private static string DotnetPath() => Path.Combine(
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")), OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
}
