using Acme.App.Guards;

namespace MistralTemplates.Benchmarks.Guards;

/// <summary><c>hostile</c>: the processor's time for 1 MB of each repeated near-match against that of 0.5 MB. Linear is 2; more than 2.4 fails.</summary>
internal static class HostileCommand
{
    private const double MostRatio = 2.4;
    private const int LeastRounds = 2;
    private const int MostRounds = 20;
    private const int LeastTime = 40;

    private static readonly string[] NearMatches =
    [
        "a", "1", "1 ", "1-", "4111 ", "4111-1111-", "a1", "a.", "a1.", "1.", "-", "_", "=", ":", "::", "a:", "1:", "f:", "@", "a@", "a@b.", "a@a", "%3", "\\n", "password=", "password: ", "secret:\"", "key = ",
        "://", "https://a:", "https://a:b", "ghp_", "sk-", "sk-ant-", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "eyJa1-.", "-----", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\na", "DE89", "DE89 ",
        "SG.", "a/", "1/", "hooks.slack.com/services/", "](", "![", "](https://a?", "](https://", "src=", "\u001b[", "\u001b]", "\u200b", "\udb40", "Bearer ", "token token=", "xoxb-1", "+1 ", "(", "<a>", "\",\"", "AKIA1", "6e40:", "123-45-",
    ];

    public static int Run()
    {
        var guard = TextGuard.ForOutput(new GuardOptions { SensitiveData = DetectCommand.Everything });
        var worst = 0.0;
        foreach (var nearMatch in NearMatches)
        {
            var (half, whole) = (Repeat(nearMatch, 500_000), Repeat(nearMatch, 1_000_000));
            var (leastHalf, leastWhole) = (double.MaxValue, double.MaxValue);
            for (var round = 0; round < LeastRounds || (round < MostRounds && leastWhole / leastHalf > MostRatio); round++)
                (leastHalf, leastWhole) = (Math.Min(leastHalf, Time(guard, half)), Math.Min(leastWhole, Time(guard, whole)));
            var ratio = leastWhole / leastHalf;
            worst = Math.Max(worst, ratio);
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
