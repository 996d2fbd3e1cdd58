using System.Globalization;
using BenchmarkDotNet.Running;
using MistralTemplates.Benchmarks.Guards;

namespace MistralTemplates.Benchmarks;

internal static class BenchmarkProgram
{
    private static int Main(string[] arguments) => arguments switch
    {
        ["detect", var file] => DetectCommand.Run(file, isVerbose: false),
        ["detect", var file, "--verbose"] => DetectCommand.Run(file, isVerbose: true),
        ["splits", var count, var file] => SplitsCommand.Run(int.Parse(count, CultureInfo.InvariantCulture), file),
        ["hostile"] => HostileCommand.Run(),
        ["speed"] => SpeedCommand.Run(),
        _ => RunBenchmarks(arguments),
    };

    private static int RunBenchmarks(string[] arguments)
    {
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(arguments);
        return 0;
    }
}
