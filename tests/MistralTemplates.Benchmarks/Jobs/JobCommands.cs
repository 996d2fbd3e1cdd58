using System.Diagnostics;
using System.Globalization;

namespace MistralTemplates.Benchmarks.Jobs;

/// <summary>The long drills of the worker: sudden ends, speed and memory.</summary>
internal static class JobCommands
{
    /// <summary><c>jobs-kill folder|redis [jobs] [kills]</c>: one worker on a folder, or three on Redis.</summary>
    public static async Task<int> RunKillsAsync(string place, string[] arguments)
    {
        using var drill = new JobKillDrill(ScaleOf(place), place == "redis" ? 3 : 1);
        var figures = await drill.RunAsync(Number(arguments, 0, 1000), Number(arguments, 1, 50), CancellationToken.None);
        Console.WriteLine(figures);
        return figures is { Lost: 0, Twice: 0, Unaudited: 0, BrokenChains: 0, TriedAgain: > 0 } ? 0 : 1;
    }

    /// <summary><c>jobs-speed folder|redis [jobs] [concurrency]</c>: jobs a second with an instant stand-in, and memory on the way.</summary>
    public static async Task<int> RunSpeedAsync(string place, string[] arguments)
    {
        var (jobs, concurrency) = (Number(arguments, 0, 20_000), Number(arguments, 1, 16));
        var folder = Directory.CreateTempSubdirectory("job-speed-").FullName;
        try
        {
            var processes = new WorkerProcesses(folder, ScaleOf(place));
            await processes.BuildAsync(CancellationToken.None);
            await using var store = await JobStore.OpenAsync(ScaleOf(place), folder, CancellationToken.None);
            await store.PutAsync(0, jobs);
            var settings = store.Settings.Append(("Jobs__Concurrency", concurrency.ToString(CultureInfo.InvariantCulture))).Append(("Jobs__Heartbeat", "00:00:10")).ToArray();
            var workers = Enumerable.Range(0, place == "redis" ? 3 : 1).Select(worker => processes.Start(processes.Settings(worker, settings))).ToArray();
            // The first tenth pays for the start.
            await WaitForAsync(store, jobs / 10);
            var (began, first) = (Stopwatch.GetTimestamp(), await store.EndedAsync());
            foreach (var part in (int[])[4, 7, 10])
            {
                await WaitForAsync(store, jobs / 10 * part);
                Console.WriteLine($"{jobs / 10 * part} jobs: memory in MiB {string.Join(", ", workers.Select(WorkerProcesses.MemoryOf))}");
            }

            var ended = await store.EndedAsync();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{place}: {(ended - first) / Stopwatch.GetElapsedTime(began).TotalSeconds:F0} jobs/s"));
            foreach (var worker in workers)
                await worker.DisposeAsync();
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WaitForAsync(JobStore store, int ended)
    {
        var limit = DateTime.UtcNow.AddMinutes(10);
        while (await store.EndedAsync() < ended)
        {
            if (DateTime.UtcNow > limit)
                throw new TimeoutException("The workers did not get on.");
            await Task.Delay(50);
        }
    }

    private static string ScaleOf(string place) => place == "redis" ? "Redis" : "Single";

    private static int Number(string[] arguments, int index, int otherwise) => index < arguments.Length ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
}
