using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Terminal;

/// <summary>
/// Measures how long the console takes from its start to the first byte of an offline answer, beside a stock
/// <c>dotnet new console</c> that prints one line. Both are published alike, as users who care about it would.
/// </summary>
internal static class StartCommand
{
    private const int WarmUps = 3;
    private const int Rounds = 20;
    private const double Factor = 1.3;
    private const double Allowance = 150;

    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(5);

    private static readonly Dictionary<string, string> s_offline = new() { ["Mistral__Offline"] = "true", ["DOTNET_ENVIRONMENT"] = "Development" };

    /// <returns>1 when the console takes longer than 1.3 times the stock program and 150 ms.</returns>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("start-").FullName;
        try
        {
            await Command.RunAsync("dotnet", ["new", "console", "-n", "Stock", "-o", Path.Combine(folder, "source")], folder, s_timeLimit, cancellationToken);
            var stock = await PublishAsync(Path.Combine(folder, "source"), "Stock", Path.Combine(folder, "stock"), cancellationToken);
            var console = await PublishAsync(Path.Combine(TemplatePack.RepositoryRoot, "templates", "mistral-secure-console"), "Acme-App", Path.Combine(folder, "console"), cancellationToken);

            var (stockTimes, consoleTimes) = (new List<double>(), new List<double>());
            for (var round = -WarmUps; round < Rounds; round++)
            {
                var times = (Stock: Measure(stock, folder), Console: Measure(console, folder, "chat", "Hello"));
                if (round < 0)
                    continue;
                stockTimes.Add(times.Stock);
                consoleTimes.Add(times.Console);
            }

            var (line, answer) = (Median(stockTimes), Median(consoleTimes));
            var limit = (Factor * line) + Allowance;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median of {Rounds}: stock {line:F0} ms, console {answer:F0} ms, limit {limit:F0} ms"));
            return answer <= limit ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> PublishAsync(string project, string name, string target, CancellationToken cancellationToken)
    {
        (await Command.RunAsync("dotnet", ["publish", project, "-nologo", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", target, "--artifacts-path", target + "-made"], project, s_timeLimit, cancellationToken))
            .EnsureSuccess("dotnet publish");
        return Path.Combine(target, name + (OperatingSystem.IsWindows() ? ".exe" : ""));
    }

    /// <returns>Milliseconds to the first byte on standard output.</returns>
    private static double Measure(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var (name, value) in s_offline)
            start.Environment[name] = value;
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var first = process.StandardOutput.BaseStream.ReadByte();
        var elapsed = Stopwatch.GetElapsedTime(started);
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return first >= 0 && process.ExitCode == 0 ? elapsed.TotalMilliseconds : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
