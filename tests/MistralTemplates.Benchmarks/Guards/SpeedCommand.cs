using System.Diagnostics;
using Acme.App.Guards;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary><c>speed</c>: the best of many rounds of each part of the filter on 1 MB of prose, for machines too busy for BenchmarkDotNet's means; and the time to build it.</summary>
internal static class SpeedCommand
{
    private const int Rounds = 400;

    public static int Run()
    {
        var (started, busy) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var guard = TextGuard.ForOutput(new GuardOptions { SensitiveData = DetectCommand.Everything });
        _ = guard.Apply("Hello.", new HashSet<SensitiveKind>());
        var (elapsed, used) = (Stopwatch.GetElapsedTime(started), Environment.CpuUsage.TotalTime - busy);
        Console.WriteLine($"built and first used in {elapsed.TotalMilliseconds:F1} ms, {used.TotalMilliseconds:F1} ms of the processor");

        var prose = Prose.Of(1_000_000);
        var kinds = new HashSet<SensitiveKind>();
        var detector = new SensitiveDataDetector(DetectCommand.Everything, modes => modes.Output);
        var links = new LinkDetector();
        var benchmark = new FilterBenchmarks();
        var whole = Best("whole filter", () => guard.Apply(prose, kinds));
        Best("  hidden characters", () => HiddenCharacterFilter.Apply(prose, HiddenCharacters.Strip));
        Best("  links", () => RedactionFilter.Redact(links, prose, kinds));
        Best("  sensitive data", () => RedactionFilter.Redact(detector, prose, kinds));
        var naive = Best("three naive patterns", () => benchmark.NaivePatterns());
        Console.WriteLine($"{naive / whole:F1} times as fast as the naive patterns");
        return 0;
    }

    private static double Best(string what, Func<object> action)
    {
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            _ = action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        Console.WriteLine($"{1 / best,8:F0} MB/s  {what}");
        return best;
    }
}
