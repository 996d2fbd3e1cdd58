using MistralTemplates.Harness;
using YamlDotNet.RepresentationModel;

namespace MistralTemplates.Tests.Creation;

/// <summary>The workflow of a generated repository: what it may do, whose code it runs, and that it makes every check.</summary>
public sealed class WorkflowTests
{
    private static readonly YamlMappingNode s_workflow = Read("workflows", "ci.yml");

    private static YamlMappingNode Jobs => Map(s_workflow, "jobs");

    [Fact]
    public void Uses_EveryAction_IsPinnedByItsCommit()
    {
        var actions = Jobs.Children.Values.SelectMany(job => Steps((YamlMappingNode)job)).Select(step => Text(step, "uses")).OfType<string>().ToList();

        Assert.Contains(actions, action => action.StartsWith("actions/checkout@", StringComparison.Ordinal));
        Assert.Contains(actions, action => action.StartsWith("github/codeql-action/upload-sarif@", StringComparison.Ordinal));
        Assert.Contains(actions, action => action.StartsWith("actions/dependency-review-action@", StringComparison.Ordinal));
        Assert.All(actions, action => Assert.Matches("^[a-z-]+(/[a-z-]+)+@[0-9a-f]{40}$", action));
    }

    [Fact]
    public void Permissions_AreToReadAndOnlyTheBuildWritesItsFindings()
    {
        Assert.Equal([("contents", "read")], Pairs(Map(s_workflow, "permissions")));
        Assert.Equal([("actions", "read"), ("contents", "read"), ("security-events", "write")], Pairs(Map(Map(Jobs, "build"), "permissions")));
        Assert.All(Jobs.Children.Where(job => job.Key.ToString() != "build"), job => Assert.DoesNotContain("permissions", ((YamlMappingNode)job.Value).Children.Keys.Select(key => key.ToString())));
    }

    /// <summary>Without GitHub's paid code security both fail in a private repository, whatever stands in it.</summary>
    [Fact]
    public void StepsOfCodeSecurity_InAPrivateRepository_WaitUntilTheOwnerHasIt()
    {
        const string Condition = "(!github.event.repository.private || vars.CODE_SECURITY == 'true')";

        Assert.Contains(Condition, Text(Map(Jobs, "dependencies"), "if"), StringComparison.Ordinal);
        Assert.Contains(Condition, Text(Steps(Map(Jobs, "build")).Single(step => Text(step, "uses")?.Contains("upload-sarif", StringComparison.Ordinal) is true), "if"), StringComparison.Ordinal);
    }

    [Fact]
    public void Triggers_AreNeverThoseThatGiveAForkTheRepositorysRights() =>
        Assert.Equal(["push", "pull_request"], Map(s_workflow, "on").Children.Keys.Select(key => key.ToString()));

    [Fact]
    public void Checkouts_KeepNoToken_AndTheDoctorSeesTheWholeHistory()
    {
        var checkouts = Jobs.Children.Values.SelectMany(job => Steps((YamlMappingNode)job)).Where(step => Text(step, "uses")?.StartsWith("actions/checkout@", StringComparison.Ordinal) == true).ToList();

        Assert.Equal(2, checkouts.Count);
        Assert.All(checkouts, checkout => Assert.Equal("false", Text(Map(checkout, "with"), "persist-credentials")));
        Assert.Equal("0", Text(Map(checkouts[0], "with"), "fetch-depth"));
    }

    [Fact]
    public void Build_TreatsWarningsAsErrorsTestsAndRunsTheDoctor()
    {
        var commands = Steps(Map(Jobs, "build")).Select(step => Text(step, "run")).OfType<string>().ToList();

        Assert.Contains(commands, command => command.StartsWith("dotnet build -warnaserror ", StringComparison.Ordinal));
        Assert.Contains("dotnet test --no-build", commands);
        Assert.Contains(commands, command => command.EndsWith("-- doctor --format sarif > doctor.sarif", StringComparison.Ordinal));
        Assert.All(Jobs.Children.Values, job => Assert.True(int.Parse(Text((YamlMappingNode)job, "timeout-minutes")!, System.Globalization.CultureInfo.InvariantCulture) is > 0 and <= 30));
        // What a pull request brings in its title or branch must not become a command.
        Assert.All(commands, command => Assert.DoesNotContain("${{", command, StringComparison.Ordinal));
    }

    /// <summary>A commit that is named for good is never mended by itself.</summary>
    [Fact]
    public void Updates_AreAskedForWhateverIsPinned()
    {
        var dependabot = Read("dependabot.yml");
        var updates = ((YamlSequenceNode)dependabot.Children[new YamlScalarNode("updates")]).Cast<YamlMappingNode>().ToList();

        Assert.Equal("2", Text(dependabot, "version"));
        Assert.Equal(["nuget", "github-actions"], updates.Select(update => Text(update, "package-ecosystem")));
        Assert.All(updates, update => Assert.Equal("/", Text(update, "directory")));
        Assert.All(updates, update => Assert.Equal([("interval", "weekly")], Pairs(Map(update, "schedule"))));
    }

    private static YamlMappingNode Read(params string[] path)
    {
        using var reader = File.OpenText(Path.Combine([TemplatePack.RepositoryRoot, "templates", "mistral-secure", ".github", .. path]));
        var stream = new YamlStream();
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static YamlMappingNode Map(YamlMappingNode parent, string name) => (YamlMappingNode)parent.Children[new YamlScalarNode(name)];

    private static string? Text(YamlMappingNode parent, string name) => parent.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value.ToString() : null;

    private static IEnumerable<YamlMappingNode> Steps(YamlMappingNode job) => ((YamlSequenceNode)job.Children[new YamlScalarNode("steps")]).Cast<YamlMappingNode>();

    private static IEnumerable<(string Name, string Value)> Pairs(YamlMappingNode map) => map.Children.Select(pair => (pair.Key.ToString(), pair.Value.ToString()));
}
