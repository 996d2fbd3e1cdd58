using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Acme.App.Auditing;
using Acme.App.Operations;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using MistralTemplates.Tests.Rooms.Auditing;

namespace MistralTemplates.Benchmarks.Auditing;

/// <summary>The long drills of the audit log: mutations, sudden ends, and speed.</summary>
internal static class AuditCommands
{
    private static readonly Dictionary<string, string?> s_development = new() { ["Audit:CheckpointRecords"] = "50" };

    /// <summary><c>audit-mutations [count]</c>: damages a log at random and counts what the verifier misses.</summary>
    public static async Task<int> RunMutationsAsync(string[] arguments)
    {
        var count = arguments is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 100_000;
        using var log = await SampleLog.WriteAsync(records: 40);
        var watch = Stopwatch.StartNew();
        var missed = AuditMutations.Run(log, count, seed: 20261123);
        missed.ForEach(Console.WriteLine);
        Console.WriteLine($"{count} mutations, {missed.Count} missed, {watch.Elapsed.TotalSeconds:F0} s.");
        return missed.Count == 0 ? 0 : 1;
    }

    /// <summary><c>audit-kill [times]</c>: kills a writing process at random moments; every answer it gave must be in the log.</summary>
    public static async Task<int> RunKillsAsync(string[] arguments)
    {
        var times = arguments is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 200;
        var folder = Directory.CreateTempSubdirectory("audit-").FullName;
        var answered = new ConcurrentDictionary<string, bool>();
        for (var time = 0; time < times; time++)
        {
            using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["audit-writer", folder, time % 2 == 0 ? "Process" : "Disk"]) { RedirectStandardOutput = true })!;
            var began = new TaskCompletionSource();
            process.OutputDataReceived += (_, line) =>
            {
                if (line.Data is { Length: 32 } id)
                    answered[id] = true;
                began.TrySetResult();
            };
            process.BeginOutputReadLine();
            await began.Task.WaitAsync(TimeSpan.FromMinutes(1));
            await Task.Delay(Random.Shared.Next(200));
            process.Kill();
            await process.WaitForExitAsync();
        }

        // The last start recovers what the last kill left behind.
        AuditVerdict verdict;
        string[] lines;
        await using (var room = new AuditRoom(folder, s_development))
        {
            await room.Log.WriteAsync(new AuditRecord(AuditActions.ChatComplete));
            lines = room.Lines;
            var keys = room.Host.Services.GetRequiredService<AuditKeys>();
            verdict = new AuditVerifier(room.Files, new AuditEvidence(keys.Chain, [keys.Signing], Path.Combine(folder, "audit", "checkpoints.txt"), 1), new Progress<long>()).Verify(CancellationToken.None);
        }

        const string before = "\"modelAsked\":\"";
        var recorded = lines.Where(line => line.Contains(before, StringComparison.Ordinal))
            .Select(line => line.Substring(line.IndexOf(before, StringComparison.Ordinal) + before.Length, 32)).ToHashSet();
        var lost = answered.Keys.Count(id => !recorded.Contains(id));
        Console.WriteLine($"{times} kills, {answered.Count} answers, {lost} without a record; {verdict.Records} records, {verdict.Checkpoints} checkpoints, {verdict.Notes.Count} notes of repairs. {verdict.Problem ?? "The log is as it was written."}");
        Directory.Delete(folder, recursive: true);
        return lost == 0 && verdict.Problem is null ? 0 : 1;
    }

    /// <summary>The process that is killed: answers as fast as it can, and says each answer's id only once the road has returned.</summary>
    public static async Task<int> RunWriterAsync(string[] arguments)
    {
        await using var room = new AuditRoom(arguments[0], new Dictionary<string, string?>(s_development) { ["Audit:Durability"] = arguments[1] });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            while (true)
            {
                var id = Guid.NewGuid().ToString("N");
                using var road = room.Road(new EchoClient());
                if (worker % 2 == 0)
                    await road.GetResponseAsync("", new ChatOptions { ModelId = id });
                else
                    await foreach (var _ in road.GetStreamingResponseAsync("", new ChatOptions { ModelId = id }))
                    {
                    }

                Console.WriteLine(id);
            }
        })));
        return 0;
    }

    /// <summary><c>audit-speed</c>: what the disk holds with 64 callers, and how fast the verifier reads.</summary>
    public static async Task<int> RunSpeedAsync()
    {
        var folder = Directory.CreateTempSubdirectory("audit-").FullName;
        var settings = new Dictionary<string, string?> { ["Audit:Durability"] = "Disk" };
        await using (var room = new AuditRoom(folder, settings))
        {
            await Rate(room, callers: 64, each: 50);
            Console.WriteLine($"disk, 64 callers: {await Rate(room, callers: 64, each: 500):F0} records/s");
        }

        settings["Audit:Durability"] = "Process";
        await using (var room = new AuditRoom(folder, settings))
        {
            Console.WriteLine($"process, 1 caller: {await Rate(room, callers: 1, each: 600_000):F0} records/s");
            var keys = room.Host.Services.GetRequiredService<AuditKeys>();
            var evidence = new AuditEvidence(keys.Chain, [keys.Signing], Path.Combine(folder, "audit", "checkpoints.txt"), 1);
            for (var run = 0; run < 3; run++)
            {
                var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                var verdict = new AuditVerifier(room.Files, evidence, new Progress<long>()).Verify(CancellationToken.None);
                var bytes = room.Files.Existing().Sum(file => new FileInfo(file).Length);
                Console.WriteLine($"verify: {bytes / watch.Elapsed.TotalSeconds / 1e6:F0} MB/s by the clock, {bytes / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / 1e6:F0} MB/s of processor time, {verdict.Records} records, {verdict.Files} files. {verdict.Problem}");
            }
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task<double> Rate(AuditRoom room, int callers, int each)
    {
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (var number = 0; number < each; number++)
                await room.Log.WriteAsync(AuditRecordBenchmarks.Record());
        })));
        return callers * each / watch.Elapsed.TotalSeconds;
    }

    private sealed class EchoClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, "ok")));

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, "ok");
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
