using Acme.App.Guards;
using MistralTemplates.Tests.Rooms.Guards;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary><c>hostile</c>: the processor's time for 1 MB of each repeated near-match against that of 0.5 MB. Linear is 2; more than 2.4 fails.</summary>
internal static class HostileCommand
{
    private const double MostRatio = 2.4;
    private const int LeastRounds = 2;
    private const int MostRounds = 20;
    private const int LeastTime = 40;

    /// <summary>A text that holds nothing to look at is read at the speed of the memory: below so many milliseconds, 10 MB in each, a ratio is that of the processor's caches.</summary>
    private const double LeastJudged = 0.1;

    public static int Run()
    {
        var guard = new TextGuard(new GuardOptions { SensitiveData = DetectCommand.Everything }, isOutput: true);
        var worst = 0.0;
        foreach (var nearMatch in NearMatches.All)
        {
            var (half, whole) = (Repeat(nearMatch, 500_000), Repeat(nearMatch, 1_000_000));
            var (leastHalf, leastWhole) = (double.MaxValue, double.MaxValue);
            for (var round = 0; round < LeastRounds || (round < MostRounds && leastWhole / leastHalf > MostRatio); round++)
                (leastHalf, leastWhole) = (Math.Min(leastHalf, Time(guard, half)), Math.Min(leastWhole, Time(guard, whole)));
            var ratio = leastWhole / leastHalf;
            worst = Math.Max(worst, leastWhole < LeastJudged ? 0 : ratio);
            Console.WriteLine($"{ratio,5:F2}  {leastHalf,8:F2} ms  {leastWhole,8:F2} ms  {string.Concat(nearMatch.Select(character => character is < ' ' or > '~' ? $"\\u{(int)character:x4}" : character.ToString()))}");
        }

        Console.WriteLine($"worst {worst:F2}, at most {MostRatio} is linear");
        return worst <= MostRatio ? 0 : 1;
    }

    private static string Repeat(string text, int length) => string.Concat(Enumerable.Repeat(text, length / text.Length));

    private static double Time(TextGuard guard, string text)
    {
        var (started, runs) = (Environment.CpuUsage.UserTime, 0);
        while ((Environment.CpuUsage.UserTime - started).TotalMilliseconds < LeastTime)
        {
            _ = guard.Apply(text, new HashSet<SensitiveKind>());
            runs++;
        }

        return (Environment.CpuUsage.UserTime - started).TotalMilliseconds / runs;
    }
}
