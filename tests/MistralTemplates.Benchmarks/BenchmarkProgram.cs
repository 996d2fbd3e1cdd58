using BenchmarkDotNet.Running;

namespace MistralTemplates.Benchmarks;

internal static class BenchmarkProgram
{
    private static int Main(string[] arguments) => arguments switch
    {
        _ => RunBenchmarks(arguments),
    };

    private static int RunBenchmarks(string[] arguments)
    {
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(arguments);
        return 0;
    }
}
