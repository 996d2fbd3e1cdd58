using System.Diagnostics;
using System.Runtime;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary><c>speed</c>: the best of many rounds of each part of the filter on 1 MB of prose, for machines too busy for BenchmarkDotNet's means; and the time to build it.</summary>
internal static class SpeedCommand
{
    private const int Rounds = 400;

    public static int Run()
    {
        var options = new GuardOptions { SensitiveData = DetectCommand.Everything };
        TextGuard? built = null;
        First("the measuring itself", () => { });
        First("the table of shapes alone", () => KeyShape.ReadTable().ForEach(line => KeyShape.Parse(line)));
        First("the validation library, as the room below uses it", () => new PolicyOptionsValidator(new HostingEnvironment { EnvironmentName = "Production" }).Validate(new PolicyOptions()));
        First("the settings' rules", () => new GuardOptionsValidator(Options.Create(new MistralOptions())).Validate(options));
        First("the requests' rules", () => new RequestRules(Options.Create(options), Options.Create(new PolicyOptions { AllowedModels = ["m"], MaxTokensPerRequest = 9 })));
        First("guard built", () => built = new TextGuard(options, isOutput: true));
        var guard = built!;
        First("first text", () => guard.Apply("Hello.", new HashSet<SensitiveKind>()));
        First("first candidates", () => guard.Apply("At 9:30, a well-kept key: 12,500 of a@b.", new HashSet<SensitiveKind>()));

        var prose = Prose.Of(1_000_000);
        var kinds = new HashSet<SensitiveKind>();
        var detector = new SensitiveDataDetector(DetectCommand.Everything, modes => modes.Output);
        var benchmark = new FilterBenchmarks();
        var whole = Best("whole filter", () => guard.Apply(prose, kinds));
        Best("  hidden characters", () => HiddenCharacterFilter.Apply(prose, HiddenCharacters.Strip, out _));
        Best("  sensitive data", () => RedactionFilter.Redact(detector, prose, kinds));
        var naive = Best("three naive patterns", () => benchmark.NaivePatterns());
        Console.WriteLine($"{naive / whole:F1} times as fast as the naive patterns");
        return 0;
    }

    /// <summary>What the first call costs: mostly the compiler's time, so it is told apart.</summary>
    private static void First(string what, Action action)
    {
        var (started, busy, compiled, methods) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime, JitInfo.GetCompilationTime(), JitInfo.GetCompiledMethodCount());
        action();
        Console.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalMilliseconds,6:F1} ms, of the processor {(Environment.CpuUsage.TotalTime - busy).TotalMilliseconds:F1} ms, compiling {JitInfo.GetCompiledMethodCount() - methods} methods {(JitInfo.GetCompilationTime() - compiled).TotalMilliseconds:F1} ms  {what}");
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
