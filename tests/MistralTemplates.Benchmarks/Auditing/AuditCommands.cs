using System.Diagnostics;
using System.Globalization;
using Acme.App.Auditing;
using Acme.App.Operations;
using Microsoft.Extensions.DependencyInjection;
using MistralTemplates.Tests.Rooms.Auditing;

namespace MistralTemplates.Benchmarks.Auditing;

/// <summary>The long drills of the audit log: mutations, sudden ends, and speed.</summary>
internal static class AuditCommands
{
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

    /// <summary><c>audit-kill [times]</c>: kills the running API under load at random moments; every answer it gave must be in the log.</summary>
    public static async Task<int> RunKillsAsync(string[] arguments)
    {
        using var drill = new KillDrill();
        var figures = await drill.RunAsync(arguments is [var number, ..] ? int.Parse(number, CultureInfo.InvariantCulture) : 200, CancellationToken.None);
        Console.WriteLine(figures);
        return figures is { Answers: > 0, WithoutRecord: 0, Silent: 0, ExitCode: 0 } ? 0 : 1;
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
            var evidence = new AuditEvidence(keys.Chain, [keys.Signing], Path.Combine(folder, "audit", "audit.jsonl.checkpoints"), 1);
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
}
