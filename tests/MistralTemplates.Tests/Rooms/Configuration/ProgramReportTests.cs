using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>The API as a process whose every room is configured wrong.</summary>
public sealed class ProgramReportTests
{
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
