using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>The API as a process whose every room is configured wrong.</summary>
public sealed class ProgramReportTests
{
    /// <summary>In Development the folders above are looked through for the repository's root.</summary>
    [Fact]
    public async Task Start_BelowAFolderThatMayNotBeListed_ReportsAsElsewhere()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows keeps access lists instead of modes.");
            return;
        }

        using var folder = new TemporaryFolder();
        var home = Directory.CreateDirectory(Path.Combine(folder.Path, "closed", "home")).FullName;
        File.SetUnixFileMode(Path.GetDirectoryName(home)!, UnixFileMode.UserExecute);
        // Root lists every folder, unless it gives that up.
        string[] command = Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--", "dotnet"] : ["dotnet"];
        var settings = new Dictionary<string, string>(ApiProcess.Settings(folder.Path)) { ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development" };

        var result = await Command.RunAsync(
            command[0], [.. command[1..], "exec", ApiProcess.ProgramFile, "--contentRoot", home], folder.Path, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, settings);
        File.SetUnixFileMode(Path.GetDirectoryName(home)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Assert.Equal(78, result.ExitCode);
        Assert.Contains("The environment Development has no policy.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_EveryRoomIsWrong_ReportsAllOfThemAtOnce()
    {
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string>(ApiProcess.Settings(folder.Path))
        {
            ["Mistral__Offline"] = "false",
            ["Policy__MaxTokensPerRequest"] = "-1",
            ["Keys__PollInterval"] = "00:00:00",
            ["Mistral__Endpoint"] = "http://mistral.example",
            ["Guards__Request__MaxMessages"] = "0",
            ["Audit__CheckpointRecords"] = "0",
            ["Access__MaxBodyBytes"] = "-1",
        };

        var result = await Command.RunAsync("dotnet", ["exec", ApiProcess.ProgramFile], folder.Path, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, settings);

        Assert.Equal(78, result.ExitCode);
        string[] wrong = ["Policy:MaxTokensPerRequest", "Keys:PollInterval", "MISTRAL_API_KEY", "Mistral:Endpoint", "Guards:Request:MaxMessages", "Audit:CheckpointRecords", "Access:MaxBodyBytes"];
        Assert.All(wrong, setting => Assert.Contains($" {setting}", result.Error, StringComparison.Ordinal));
        Assert.StartsWith($"The program cannot start: its configuration has {wrong.Length} problems.", result.Error, StringComparison.Ordinal);
    }
}
