using System.Diagnostics;
using System.Globalization;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Creation;

/// <summary><c>creation</c>: how long <c>dotnet new</c> takes for each of our templates and for the stock worker, in turn.</summary>
internal static class CreationCommand
{
    private const int Runs = 10;
    private const string Stock = "worker";

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("mistral-templates-").FullName;
        try
        {
            var pack = await TemplatePack.PackAsync(folder, cancellationToken);
            string[] shortNames = [Stock, "mistral-secure", "mistral-secure-api", "mistral-secure-console", "mistral-secure-worker"];
            var times = shortNames.ToDictionary(name => name, _ => new List<TimeSpan>());

            // The first round, which is not counted, fills the template cache.
            for (var run = 0; run <= Runs; run++)
            {
                foreach (var shortName in shortNames)
                {
                    var time = await CreateAsync(pack, Path.Combine(folder, "out", $"{run}"), shortName, cancellationToken);
                    if (run > 0)
                        times[shortName].Add(time);
                }
            }

            Print(times);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<TimeSpan> CreateAsync(TemplatePack pack, string parent, string shortName, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        (await pack.CreateAsync(parent, shortName, "Bench." + shortName.Replace('-', '.'), ["--no-restore"], cancellationToken)).EnsureSuccess("dotnet new " + shortName);
        return Stopwatch.GetElapsedTime(started);
    }

    private static void Print(Dictionary<string, List<TimeSpan>> times)
    {
        var stock = Median(times[Stock]);
        Console.WriteLine($"dotnet new NAME --no-restore, {Runs} runs each, in turn");
        Console.WriteLine($"{"template",-24}{"median ms",10}{"ratio",8}");
        foreach (var (name, values) in times)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24}{Median(values).TotalMilliseconds,10:F0}{Median(values) / stock,8:F2}"));
    }

    private static TimeSpan Median(List<TimeSpan> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
