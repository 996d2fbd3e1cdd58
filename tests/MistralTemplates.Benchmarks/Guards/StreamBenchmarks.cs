using Acme.App.Guards;
using BenchmarkDotNet.Attributes;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary>One streamed answer of prose, a delta of four characters at a time; the time is that of one delta.</summary>
[MemoryDiagnoser]
public class StreamBenchmarks
{
    private const int Deltas = 1_000;
    private readonly TextGuard _guard = new TextGuard(new GuardOptions { SensitiveData = DetectCommand.Everything }, isOutput: true);
    private readonly string[] _deltas = [.. Prose.Of(4 * Deltas).Chunk(4).Select(delta => new string(delta))];

    [Benchmark(OperationsPerInvoke = Deltas)]
    public int Delta()
    {
        var filter = _guard.Start(new HashSet<SensitiveKind>());
        var length = 0;
        foreach (var delta in _deltas)
            length += filter(delta, isFinal: false).Length;
        return length + filter("", isFinal: true).Length;
    }
}
