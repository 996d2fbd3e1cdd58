using System.Security.Cryptography;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

/// <summary>A real repository for one test, apart from the settings of whoever runs it.</summary>
internal sealed class GitFolder : IDisposable
{
    private static readonly Dictionary<string, string> s_environment = new()
    {
        ["GIT_CONFIG_GLOBAL"] = OperatingSystem.IsWindows() ? "NUL" : "/dev/null",
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["GIT_AUTHOR_NAME"] = "Ada Author",
        ["GIT_AUTHOR_EMAIL"] = "ada@example.org",
        ["GIT_COMMITTER_NAME"] = "Ada Author",
        ["GIT_COMMITTER_EMAIL"] = "ada@example.org",
    };

    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    /// <summary>A key as Mistral makes them, put together when the test runs.</summary>
    public static string NewKey() => RandomNumberGenerator.GetString("bcdfghjkmnpqrstvwzBCDFGHJKLMNPQRSTVWZ", 27) + RandomNumberGenerator.GetString("23456789", 5);

    public static async Task<GitFolder> CreateAsync()
    {
        var folder = new GitFolder();
        await folder.GitAsync("init", "-q", "-b", "main");
        return folder;
    }

    public string Write(string name, string text) => _folder.Write(name, text);

    public async Task<string> GitAsync(params string[] arguments) => (await TryGitAsync(arguments)).EnsureSuccess($"git {arguments[0]}").Output;

    public Task<CommandResult> TryGitAsync(params string[] arguments) =>
        Command.RunAsync("git", arguments, Path, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, s_environment);

    public async Task<string> CommitAsync(string message = "change")
    {
        await GitAsync("add", "-A");
        await GitAsync("commit", "-q", "--allow-empty", "-m", message);
        return (await GitAsync("rev-parse", "HEAD")).Trim();
    }

    public void Dispose() => _folder.Dispose();
}
