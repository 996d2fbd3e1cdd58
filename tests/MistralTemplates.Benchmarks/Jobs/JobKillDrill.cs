using System.Text.Json;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Jobs;

/// <summary>What came of a drill. <paramref name="Unaudited"/> counts jobs with more answers than attempts on record, or none.</summary>
internal sealed record JobKillFigures(int Jobs, int Kills, int Done, int Failed, int Lost, int Twice, int TriedAgain, int Unaudited, int BrokenChains);

/// <summary>Kills workers at random moments while they work, and holds what ended, and the audit logs, against what was put in.</summary>
internal sealed class JobKillDrill(string scale, int workers) : IDisposable
{
    private const int LongestLife = 60;

    private readonly string _folder = Directory.CreateTempSubdirectory("job-kill-").FullName;
    private readonly Random _random = new(20261123);

    public async Task<JobKillFigures> RunAsync(int jobs, int kills, CancellationToken cancellationToken)
    {
        var processes = new WorkerProcesses(_folder, scale);
        await processes.BuildAsync(cancellationToken);
        await using var store = await JobStore.OpenAsync(scale, _folder, cancellationToken);
        var settings = Enumerable.Range(0, workers).Select(worker => processes.Settings(worker, store.Settings)).ToArray();
        var running = settings.Select(processes.Start).ToArray();
        try
        {
            // One that had not begun before the others were through would have no log to verify.
            foreach (var worker in running)
                await worker.WaitForAsync(() => worker.Output.Contains("Jobs are taken from", StringComparison.Ordinal), TimeSpan.FromMinutes(1), cancellationToken);
            for (int kill = 0, put = 0; kill < kills; kill++)
            {
                // Each life has fresh work, and ends in the midst of it.
                var share = (jobs * (kill + 1) / kills) - put;
                var before = await store.EndedAsync();
                await store.PutAsync(put, share);
                put += share;
                await WaitAsync(async () => await store.EndedAsync() > before, running, cancellationToken);
                await Task.Delay(_random.Next(LongestLife), cancellationToken);
                var victim = _random.Next(workers);
                await WorkerProcesses.KillAsync(running[victim]);
                running[victim] = processes.Start(settings[victim]);
            }

            await WaitAsync(async () => await store.EndedAsync() >= jobs, running, cancellationToken);
            foreach (var worker in running)
                await worker.StopAsync(cancellationToken);
        }
        finally
        {
            foreach (var worker in running)
                await worker.DisposeAsync();
        }

        return await CountAsync(store, processes, settings, jobs, kills);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task WaitAsync(Func<Task<bool>> condition, RunningProgram[] running, CancellationToken cancellationToken)
    {
        var limit = DateTime.UtcNow.AddMinutes(1);
        while (!await condition())
        {
            if (DateTime.UtcNow > limit)
                throw new TimeoutException($"The workers did not get on.\n{string.Join("\n", running.Select(worker => worker.Output))}");
            await Task.Delay(5, cancellationToken);
        }
    }

    private async Task<JobKillFigures> CountAsync(JobStore store, WorkerProcesses processes, Dictionary<string, string>[] settings, int jobs, int kills)
    {
        var (ends, attempts) = await store.ResultsAsync();
        var broken = 0;
        foreach (var worker in settings)
        {
            var verified = await processes.RunAsync(worker, "audit", "verify");
            if (verified.ExitCode == 0)
                continue;
            broken++;
            Console.Error.WriteLine(verified.Output + verified.Error);
        }

        var attempted = new Dictionary<string, int>();
        var answered = new Dictionary<string, int>();
        foreach (var line in Directory.EnumerateFiles(_folder, "audit*.jsonl", SearchOption.AllDirectories).SelectMany(File.ReadLines))
        {
            var record = JsonElement.Parse(line);
            if (record.TryGetProperty("requestId", out var id) && record.GetProperty("action").GetString() is "job.attempted" or "chat.complete")
            {
                var counts = record.GetProperty("action").GetString() == "job.attempted" ? attempted : answered;
                counts[id.GetString()!] = counts.GetValueOrDefault(id.GetString()!) + 1;
            }
        }

        var expected = Enumerable.Range(0, jobs).Select(JobStore.Name).ToHashSet();
        return new JobKillFigures(
            jobs, kills, attempts.Count, ends.Count - attempts.Count,
            Lost: expected.Except(ends).Count(),
            Twice: ends.Count - ends.Distinct().Count() + ends.Except(expected).Count(),
            TriedAgain: attempts.Values.Count(count => count > 1),
            // Between the first answer and the number of claims: an attempt cut off before its record had sent nothing.
            Unaudited: attempts.Count(job => answered.GetValueOrDefault(job.Key) is var answers && (answers < 1 || attempted.GetValueOrDefault(job.Key) < answers || attempted[job.Key] > job.Value)),
            broken);
    }
}
