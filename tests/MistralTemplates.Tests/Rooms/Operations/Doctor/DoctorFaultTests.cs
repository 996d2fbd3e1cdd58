using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

/// <summary>The program itself where git, or a permission, is missing.</summary>
public sealed class DoctorFaultTests
{
    [Fact]
    public async Task Doctor_NoGitAndItIsDemanded_IsExitCode2()
    {
        using var folder = await GitFolder.CreateAsync();
        using var empty = new TemporaryFolder();
        var environment = new Dictionary<string, string> { ["PATH"] = empty.Path };

        var staged = await RunAsync(folder, environment, "doctor", "--staged");

        Assert.Equal((2, ""), (staged.ExitCode, staged.Output));
        Assert.Equal("The program git was not found. Install it, or put it on the PATH.", staged.Error.Trim());
    }

    [Fact]
    public async Task Doctor_RepositoryOfSomebodyElse_IsExitCode2AndSaysHowToTrustIt()
    {
        using var folder = await GitFolder.CreateAsync();
        var environment = new Dictionary<string, string> { ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1", ["GIT_CONFIG_NOSYSTEM"] = "1", ["GIT_CONFIG_GLOBAL"] = Path.Combine(folder.Path, "none") };

        var result = await RunAsync(folder, environment, "doctor", folder.Path, "--staged");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("belongs to another user, and git does not read it. If you trust it, run 'git config --global --add safe.directory' with its folder.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_FileThatItsUserMayNotRead_IsExitCode2WithItsName()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows keeps access lists instead of modes.");
            return;
        }

        using var folder = await GitFolder.CreateAsync();
        File.SetUnixFileMode(folder.Write("closed.txt", "text\n"), UnixFileMode.None);
        // Offline, so that no key is needed; root reads every file, unless it gives that up.
        var environment = new Dictionary<string, string> { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

        var result = await RunAsync(folder, environment, "doctor", folder.Path);

        Assert.Equal("The file 'closed.txt' cannot be read. Let your user read it, or name it in .gitignore.", result.Error.Trim());
        Assert.Equal(2, result.ExitCode);
    }

    /// <summary>A key of a shape that nobody knows, which only this program's own settings give away.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Doctor_OwnKeyIsStagedWithoutAName_IsFound(bool isInEnvFile)
    {
        using var folder = await GitFolder.CreateAsync();
        var key = RandomNumberGenerator.GetString("bcdfghjkmnpqrstvwz", 32);
        if (isInEnvFile)
            folder.Write(".env", $"MISTRAL_API_KEY_PROD={key}\n");
        folder.Write("Y.cs", $"const string Z = \"{key}\";\n");
        await folder.GitAsync("add", "Y.cs");

        var result = await RunAsync(folder, isInEnvFile ? [] : new() { ["MISTRAL_API_KEY"] = key }, "doctor", folder.Path, "--staged");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Y.cs:1", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(key, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_PlaceholderStandsInEnvFileAndReadme_IsNoKey()
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write(".env", "MISTRAL_API_KEY=your-api-key-goes-here\n");
        folder.Write("README.md", "Write `MISTRAL_API_KEY=your-api-key-goes-here` into .env.\n");
        await folder.GitAsync("add", "README.md");

        Assert.Equal(0, (await RunAsync(folder, [], "doctor", folder.Path, "--staged")).ExitCode);
    }

    /// <summary>As git sets it for a hook in a linked work tree.</summary>
    [Fact]
    public async Task Doctor_CallerNamesAnotherRepository_LooksAtTheFoldersOwn()
    {
        using var folder = await GitFolder.CreateAsync();
        using var other = await GitFolder.CreateAsync();
        other.Write("a.txt", $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");
        await other.CommitAsync();
        var environment = new Dictionary<string, string>
        {
            ["GIT_DIR"] = Path.Combine(other.Path, ".git"),
            ["Mistral__Offline"] = "true",
            ["DOTNET_ENVIRONMENT"] = "Development",
        };

        var result = await RunAsync(folder, environment, "doctor", folder.Path, "--format", "json");

        Assert.Equal("passed", JsonElement.Parse(result.Output).GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("id").GetString() == "secrets-in-git").GetProperty("mark").GetString());
    }

    [Theory]
    [InlineData("'--since' has no value that it takes. See 'audit show --help'.", "audit", "show", "--since", "typed-by-mistake")]
    [InlineData("'--begins-at' has no value that it takes. See 'audit verify --help'.", "audit", "verify", "--begins-at", "0")]
    [InlineData("'--format' has no value that it takes. See 'doctor --help'.", "doctor", "--format", "typed-by-mistake")]
    [InlineData("'--allow' has no value that it takes. See 'doctor --help'.", "doctor", "--allow")]
    [InlineData("The command line is not complete or holds something unknown. See 'keys rotate --help'.", "keys", "rotate", "typed-by-mistake")]
    public async Task Run_WrongCommandLine_NamesTheOptionAndNeverTheValue(string message, params string[] arguments)
    {
        using var folder = await GitFolder.CreateAsync();

        var result = await RunAsync(folder, [], arguments);

        Assert.Equal((2, message), (result.ExitCode, result.Error.Trim()));
    }

    private static Task<CommandResult> RunAsync(GitFolder folder, Dictionary<string, string> environment, params string[] arguments)
    {
        // By its full name, since one of these has no PATH.
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        string[] command = [dotnet, "exec", Path.Combine(AppContext.BaseDirectory, "Acme-App.dll"), .. arguments];
        if (Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
            command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--", .. command];
        return Command.RunAsync(command[0], command[1..], folder.Path, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, environment);
    }
}
