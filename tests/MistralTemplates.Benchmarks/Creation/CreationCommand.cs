using System.Diagnostics;
using System.Globalization;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Creation;

/// <summary><c>creation</c>: how long <c>dotnet new</c> takes for each of our templates and for the SDK's own, in turn, and how much each makes.</summary>
internal static class CreationCommand
{
    private const int Runs = 10;
    private const string Stock = "worker";

    private static readonly string[] s_shortNames = ["console", Stock, "webapi", "mistral-secure-console", "mistral-secure-worker", "mistral-secure-api", "mistral-secure"];

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("mistral-templates-").FullName;
        try
        {
            var pack = await TemplatePack.PackAsync(folder, cancellationToken);
            var times = s_shortNames.ToDictionary(name => name, _ => new List<TimeSpan>());

            // The first round, which is not counted, fills the template cache.
            for (var run = 0; run <= Runs; run++)
            {
                foreach (var shortName in s_shortNames)
                {
                    var time = await CreateAsync(pack, Path.Combine(folder, "out", $"{run}"), shortName, cancellationToken);
                    if (run > 0)
                        times[shortName].Add(time);
                }
            }

            Print(times, Path.Combine(folder, "out", "0"));
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
        (await pack.CreateAsync(parent, shortName, NameOf(shortName), ["--no-restore"], cancellationToken)).EnsureSuccess("dotnet new " + shortName);
        return Stopwatch.GetElapsedTime(started);
    }

    private static string NameOf(string shortName) => "Bench." + shortName.Replace('-', '.');

    private static void Print(Dictionary<string, List<TimeSpan>> times, string made)
    {
        var stock = Median(times[Stock]);
        Console.WriteLine($"dotnet new NAME --no-restore, {Runs} runs each, in turn");
        Console.WriteLine("| template | median ms | of worker | files | lines of C# |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach (var (name, values) in times)
        {
            var files = Directory.GetFiles(Path.Combine(made, NameOf(name)), "*", SearchOption.AllDirectories);
            var lines = files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).Sum(file => File.ReadLines(file).Count());
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {Median(values).TotalMilliseconds:F0} | {Median(values) / stock:F2} | {files.Length} | {lines} |"));
        }
    }

    private static TimeSpan Median(List<TimeSpan> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
