using System.Runtime.InteropServices;
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
    public async Task Doctor_RepositoryOfSomebodyElse_IsExitCode2WithGitsReason()
    {
        using var folder = await GitFolder.CreateAsync();
        var environment = new Dictionary<string, string> { ["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1", ["GIT_CONFIG_NOSYSTEM"] = "1", ["GIT_CONFIG_GLOBAL"] = Path.Combine(folder.Path, "none") };

        var result = await RunAsync(folder, environment, "doctor", folder.Path, "--staged");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("is not in a git repository that can be read: git says \"fatal: detected dubious ownership", result.Error, StringComparison.Ordinal);
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
