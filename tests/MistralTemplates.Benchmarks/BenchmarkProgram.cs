using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Running;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Benchmarks.Creation;
using MistralTemplates.Benchmarks.Guards;
using MistralTemplates.Benchmarks.Jobs;
using MistralTemplates.Benchmarks.Keys;
using MistralTemplates.Benchmarks.Operations;
using MistralTemplates.Benchmarks.Peers;
using MistralTemplates.Benchmarks.Terminal;

namespace MistralTemplates.Benchmarks;

/// <summary>Runs one of the commands, or hands its arguments to BenchmarkDotNet.</summary>
internal static class BenchmarkProgram
{
    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            return await RunAsync(arguments);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or OverflowException or JsonException)
        {
            await Console.Error.WriteLineAsync($"'{string.Join(' ', arguments)}' does not work: {exception.Message}");
            return 2;
        }
    }

    private static Task<int> RunAsync(string[] arguments) => arguments switch
    {
        ["creation"] => CreationCommand.RunAsync(CancellationToken.None),
        ["detect", var file] => Task.FromResult(DetectCommand.Run(file, isVerbose: false)),
        ["detect", var file, "--verbose"] => Task.FromResult(DetectCommand.Run(file, isVerbose: true)),
        ["splits", var count, var file] => Task.FromResult(SplitsCommand.Run(int.Parse(count, CultureInfo.InvariantCulture), file)),
        ["hostile"] => Task.FromResult(HostileCommand.Run()),
        ["speed"] => Task.FromResult(SpeedCommand.Run()),
        ["rotate"] => RotateCommand.RunAsync(CancellationToken.None),
        ["audit-mutations", .. var rest] => AuditCommands.RunMutationsAsync(rest),
        ["audit-kill", .. var rest] => AuditCommands.RunKillsAsync(rest),
        ["audit-speed"] => AuditCommands.RunSpeedAsync(),
        ["history"] => HistoryCommand.RunAsync(CancellationToken.None),
        ["history-search", var folder] => Task.FromResult(HistoryCommand.Search(folder, CancellationToken.None)),
        ["jobs-kill", var place, .. var rest] => JobCommands.RunKillsAsync(place, rest),
        ["jobs-speed", var place, .. var rest] => JobCommands.RunSpeedAsync(place, rest),
        ["start"] => StartCommand.RunAsync(CancellationToken.None),
        ["peers"] => PeersCommand.RunAsync(CancellationToken.None),
        ["peers", "pass-through", var port, var upstream] => PlainServers.RunPassThroughAsync(port, upstream),
        [] or [['-', ..], ..] => RunBenchmarks(arguments),
        _ => throw new FormatException("There is no such command. README.md and docs/ name them; BenchmarkDotNet's own options begin with a dash."),
    };

    private static Task<int> RunBenchmarks(string[] arguments)
    {
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(arguments);
        return Task.FromResult(0);
    }
}
