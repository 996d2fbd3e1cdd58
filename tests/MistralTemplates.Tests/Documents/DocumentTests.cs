using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;
using MistralTemplates.Tests.Rooms.Access;

namespace MistralTemplates.Tests.Documents;

/// <summary>What the documents tell their readers to type does what they say.</summary>
public sealed class DocumentTests(PackFixture fixture, DocumentedRepositories repositories) : IClassFixture<DocumentedRepositories>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static TheoryData<string> Repositories => [.. DocumentedRepositories.Ids];

    [Fact]
    public void Links_OfThisRepository_Hold() => Assert.Empty(Markdown.BrokenLinks(TemplatePack.RepositoryRoot));

    [Theory]
    [MemberData(nameof(Variant.BuiltIds), MemberType = typeof(Variant))]
    public async Task Links_OfEachOutput_Hold(string id)
    {
        var folder = await fixture.CreatedAsync(Variant.Find(id));
        if (Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories).Any())
            Assert.Empty(Markdown.BrokenLinks(folder));
    }

    /// <summary>
    /// Every command of the README: those that create, by the pack of this run; the long ones, which other tests and people run, must name a target or a program that exists.
    /// </summary>
    [Fact]
    public async Task Commands_OfTheReadme_Run()
    {
        var commands = Markdown.Commands(await File.ReadAllTextAsync(Path.Combine(TemplatePack.RepositoryRoot, "README.md"), CancellationToken));
        var folder = Directory.CreateDirectory(Path.Combine(fixture.NewFolder("readme"), "clone")).FullName;

        Assert.NotEmpty(commands);
        foreach (var command in commands)
            folder = await RunAsync(command, folder);
        Assert.True(File.Exists(Path.Combine(folder, "Acme.Chat.slnx")), folder);
    }

    [Theory]
    [MemberData(nameof(Repositories))]
    public async Task Commands_OfEachOutputsReadme_AreRunByAShell(string id)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("The commands are written for a POSIX shell.");
        var repository = await repositories.BuiltAsync(id);
        var readme = await File.ReadAllTextAsync(Path.Combine(repository.Folder, "README.md"), CancellationToken);
        var commands = Markdown.Commands(readme);
        await using var redis = Variant.Find(id).UsesRedis ? await RedisServer.StartAsync(CancellationToken) : null;
        await using var services = new RunningServices();
        // A git command concerns the output, as its reader's would, and not the repository that this test lies in.
        (await Command.RunAsync("git", ["init", "--quiet"], repository.Folder, s_limit, CancellationToken)).EnsureSuccess("git init");

        Assert.NotEmpty(commands);
        foreach (var command in commands.Select(command => redis is null ? command : At(redis, command)))
        {
            // The tests run once for each variant elsewhere; a run without a key is refused, which the message explains, unless it asks for no key.
            if (command == "dotnet test")
                continue;
            if (command.EndsWith("--launch-profile offline", StringComparison.Ordinal))
                await services.StartAsync(command, repository, CancellationToken);
            else if (command.Contains("dotnet run", StringComparison.Ordinal) && !command.Contains("offline", StringComparison.Ordinal)
                && !command.Contains("-- audit keys", StringComparison.Ordinal))
                Assert.Equal(78, (await ShellAsync(command, repository.Folder)).ExitCode);
            else
                (await ShellAsync(command, repository.Folder)).EnsureSuccess(command);
        }

        Assert.Equal(redis is not null, readme.Contains(RedisServer.AccessRules, StringComparison.Ordinal));
        if (redis is not null)
            await services.WaitForAsync(() => redis.Holds("mistral:{jobs}:done:first"), CancellationToken);
        if (id == "repository-worker")
            await services.WaitForAsync(() => File.Exists(Path.Combine(repository.ProjectFolder, "jobs", "done", "first.json")), CancellationToken);
    }

    /// <summary>A command as its reader would type it for a server that is not on the usual port.</summary>
    private static string At(RedisServer redis, string command) => command.StartsWith("redis-cli ", StringComparison.Ordinal)
        ? $"REDISCLI_AUTH={redis.Password} redis-cli -p {redis.Port} {command["redis-cli ".Length..]}"
        : command.StartsWith("dotnet run ", StringComparison.Ordinal) ? $"env {string.Join(' ', redis.Settings.Select(setting => $"{setting.Key}={setting.Value}"))} {command}" : command;

    private async Task<string> RunAsync(string command, string folder)
    {
        var words = command.Split(' ');
        var root = TemplatePack.RepositoryRoot;
        switch (words)
        {
            case ["cd", var name]:
                return Path.GetFullPath(name, folder);
            case ["git", "init"]:
                Assert.True(Directory.Exists(Path.Combine(folder, ".githooks")), folder);
                break;
            case ["dotnet", "new", .. var arguments]:
                (await (await fixture.PackAsync()).NewAsync([.. arguments, "--no-restore", "--no-update-check"], folder, CancellationToken)).EnsureSuccess(command);
                break;
            case ["dotnet", "build", var target] when target.StartsWith("-t:", StringComparison.Ordinal):
                var targets = (await Command.RunAsync("dotnet", ["msbuild", "MistralTemplates.csproj", "-targets", "-nologo"], root, s_limit, CancellationToken)).EnsureSuccess(command);
                Assert.Contains(target[3..], targets.Output.Split('\n').Select(line => line.Trim()));
                break;
            case ["dotnet", "test", var project]:
                Assert.True(Directory.Exists(Path.Combine(root, project)), project);
                break;
            case ["MISTRAL_TEMPLATES_MATRIX=full", "dotnet", "test", var project]:
                Assert.True(Directory.Exists(Path.Combine(root, project)), project);
                break;
            case ["dotnet", "run", "-c", "Release", "--project", var project, ..]:
                Assert.True(Directory.Exists(Path.Combine(root, project)), project);
                break;
            case ["dotnet", "test"] or ["dotnet", "run", "--project", "src/Acme.Chat", ..]:
                // The created repository's own README has these, and its test runs them.
                Assert.True(Directory.Exists(Path.Combine(folder, "src", "Acme.Chat")), folder);
                break;
            default:
                Assert.Fail($"No test knows this command of the README: {command}");
                break;
        }

        return folder;
    }

    private static Task<CommandResult> ShellAsync(string command, string folder) =>
        Command.RunAsync("sh", ["-c", command.StartsWith("curl ", StringComparison.Ordinal) ? command + " --fail --silent --show-error" : command], folder, s_limit, CancellationToken);
}
