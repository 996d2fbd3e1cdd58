using System.Management.Automation;
using System.Management.Automation.Runspaces;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Package;

/// <summary>build.ps1, run by PowerShell's own engine. Without cmdlets in it, it needs none here.</summary>
public sealed class BuildScriptTests(PackFixture fixture)
{
    private const int DotnetExitCode = 3;

    private static readonly string s_script = Path.Combine(TemplatePack.RepositoryRoot, "build.ps1");

    [Fact]
    public void Task_OfPack_PacksTheGivenVersion()
    {
        var folder = fixture.NewFolder("script");
        var (calls, error, _) = Run(folder, "Pack -Version 9.9.9");

        Assert.Equal("", error);
        Assert.Equal([$"pack {TemplatePack.RepositoryRoot}/MistralTemplates.csproj -o {TemplatePack.RepositoryRoot}/artifacts/package -p:Version=9.9.9"], calls);
    }

    [Theory]
    [InlineData("Test", "test {0}/tests/MistralTemplates.Tests")]
    [InlineData("Try", "build {0}/MistralTemplates.csproj -t:Try")]
    [InlineData("Install", "build {0}/MistralTemplates.csproj -t:Install")]
    public void Task_OfEachKind_CallsDotnetOnce(string task, string call)
    {
        var (calls, error, _) = Run(fixture.NewFolder("script-" + task), task);

        Assert.Equal("", error);
        Assert.Equal([string.Format(null, call, TemplatePack.RepositoryRoot)], calls);
    }

    [Theory]
    [InlineData("Deploy")]
    [InlineData("Pack -Colour red")]
    public void Arguments_ThatAreWrong_AreRefusedBeforeAnythingRuns(string arguments)
    {
        var (calls, error, _) = Run(fixture.NewFolder("script-wrong"), arguments);

        Assert.Contains(arguments.Split(' ')[^1] == "red" ? "Colour" : "Deploy", error, StringComparison.Ordinal);
        Assert.Empty(calls);
    }

    [Fact]
    public void Script_EndsAsDotnetDid()
    {
        var (_, _, exitCode) = Run(fixture.NewFolder("script-exit"), "Test");

        Assert.Equal(DotnetExitCode, exitCode);
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
    private static (string[] Calls, string Error, int ExitCode) Run(string folder, string arguments)
    {
        var calls = Path.Combine(folder, "calls");
        File.Delete(calls);
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddScript($$"""
            function dotnet { [System.IO.File]::AppendAllText('{{calls}}', ($args -join ' ') + [char]10); $global:LASTEXITCODE = {{DotnetExitCode}} }
            & '{{s_script}}' -Task {{arguments}}
            $LASTEXITCODE
            """);
        var exitCode = shell.Invoke().LastOrDefault()?.BaseObject as int?;
        return (File.Exists(calls) ? File.ReadAllLines(calls) : [], string.Concat(shell.Streams.Error), exitCode ?? -1);
    }
}
