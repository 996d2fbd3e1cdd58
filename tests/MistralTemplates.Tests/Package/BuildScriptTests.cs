using System.Management.Automation;
using System.Management.Automation.Runspaces;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Package;

/// <summary>build.ps1, run by PowerShell's own engine. Without cmdlets in it, it needs none here.</summary>
public sealed class BuildScriptTests(PackFixture fixture)
{
    private static readonly string s_script = Path.Combine(TemplatePack.RepositoryRoot, "build.ps1");

    [Fact]
    public void Task_OfPack_PacksTheGivenVersion()
    {
        var folder = fixture.NewFolder("script");
        var log = Run(folder, "Pack", "-Version", "9.9.9");

        Assert.Equal([$"pack {TemplatePack.RepositoryRoot}/MistralTemplates.csproj -o {TemplatePack.RepositoryRoot}/artifacts/package -p:Version=9.9.9"], log);
    }

    [Theory]
    [InlineData("Test", "test {0}/tests/MistralTemplates.Tests")]
    [InlineData("Try", "build {0}/MistralTemplates.csproj -t:Try")]
    [InlineData("Install", "build {0}/MistralTemplates.csproj -t:Install")]
    public void Task_OfEachKind_CallsDotnetOnce(string task, string call)
    {
        var log = Run(fixture.NewFolder("script-" + task), task);

        Assert.Equal([string.Format(null, call, TemplatePack.RepositoryRoot)], log);
    }

    [Fact]
    public void Task_ThatDoesNotExist_IsRefusedBeforeAnythingRuns()
    {
        var folder = fixture.NewFolder("script-wrong");

        var refusal = Assert.Throws<ParameterBindingException>(() => Run(folder, "Deploy"));

        Assert.Contains("Deploy", refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "calls")));
    }

    [Fact]
    public void Script_Commands_AreDotnetAlone()
    {
        var script = System.Management.Automation.Language.Parser.ParseFile(s_script, out _, out var errors);
        var commands = script.FindAll(node => node is System.Management.Automation.Language.CommandAst, searchNestedScriptBlocks: true)
            .Cast<System.Management.Automation.Language.CommandAst>()
            .Select(command => command.GetCommandName())
            .ToArray();

        Assert.Empty(errors);
        Assert.NotEmpty(commands);
        Assert.All(commands, command => Assert.Equal("dotnet", command));
    }

    /// <summary>Runs the script with a dotnet that only notes how it was called.</summary>
    private static string[] Run(string folder, string task, params string[] more)
    {
        var calls = Path.Combine(folder, "calls");
        var state = InitialSessionState.Create();
        state.LanguageMode = PSLanguageMode.FullLanguage;
        using var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddScript($"function dotnet {{ [System.IO.File]::AppendAllText('{calls}', ($args -join ' ') + [char]10); $global:LASTEXITCODE = 0 }}; & '{s_script}' -Task {task} {string.Join(' ', more)}");
        shell.Invoke();
        return File.Exists(calls) ? File.ReadAllLines(calls) : [];
    }
}
