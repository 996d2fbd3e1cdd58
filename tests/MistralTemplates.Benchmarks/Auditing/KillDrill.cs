using System.Collections.Concurrent;
using System.Text.Json;
using Acme.App.Auditing;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Auditing;

/// <summary>What came of a drill. <paramref name="Silent"/> counts the restarts after which something that had been written read differently, or a repair was not recorded.</summary>
internal sealed record KillFigures(int Kills, int Answers, int WithoutRecord, int Silent, int Starts, int Repairs, int Files, int ExitCode, string Verdict);

/// <summary>Kills the running API again and again while callers ask it over HTTP, and holds its log against what they were answered.</summary>
internal sealed class KillDrill : IDisposable
{
    private const int Callers = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("audit-kill-").FullName;
    private readonly ConcurrentDictionary<string, bool> _answered = new();
    private readonly Dictionary<string, string> _settings;
    private readonly AuditFiles _files;

    public KillDrill()
    {
        _settings = ApiProcess.Settings(_folder);
        _settings["Audit__CheckpointRecords"] = "50";
        _settings["Audit__MaxFileBytes"] = "1048576";
        _files = new AuditFiles(_settings["Audit__Path"]);
    }

    public async Task<KillFigures> RunAsync(int kills, CancellationToken cancellationToken)
    {
        var silent = 0;
        var before = Array.Empty<byte>();
        for (var kill = 0; kill < kills; kill++)
        {
            _settings["Audit__Durability"] = kill % 2 == 0 ? "Process" : "Disk";
            await KillOnceAsync(duringStart: kill % 8 == 7, cancellationToken);
            silent += IsContinued(before, out before) ? 0 : 1;
        }

        // The last start takes up what the last kill left behind, and this one ends in good order.
        await using (var api = ApiProcess.Start(_folder, _settings))
        {
            await api.WaitUntilItAnswersAsync(cancellationToken);
            await api.StopAsync(cancellationToken);
        }

        silent += IsContinued(before, out _) ? 0 : 1;
        var verdict = await Command.RunAsync("dotnet", ["exec", ApiProcess.ProgramFile, "audit", "verify"], _folder, TimeSpan.FromMinutes(5), cancellationToken, _settings);
        return Count(kills, silent, verdict);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task KillOnceAsync(bool duringStart, CancellationToken cancellationToken)
    {
        await using var api = ApiProcess.Start(_folder, _settings);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answered = _answered.Count;
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(() => AskAsync(api, stream: caller % 2 == 0, stop.Token), cancellationToken)).ToList();
        if (!duringStart)
            await api.WaitUntilAsync(() => _answered.Count >= answered + Callers, cancellationToken);
        await Task.Delay(Random.Shared.Next(duringStart ? 1500 : 500), cancellationToken);
        api.Kill();
        await stop.CancelAsync();
        await Task.WhenAll(callers);
    }

    private async Task AskAsync(ApiProcess api, bool stream, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var traceId = Guid.NewGuid().ToString("N");
            try
            {
                using var request = ApiProcess.Chat("Hello", stream, traceId);
                using var response = await api.Client.SendAsync(request, CancellationToken.None);
                var body = await response.Content.ReadAsStringAsync(CancellationToken.None);
                if (response.IsSuccessStatusCode && (!stream || body.Contains("[DONE]", StringComparison.Ordinal)))
                    _answered[traceId] = true;
            }
            catch (HttpRequestException)
            {
                // It is not there yet, or not any more: no answer was received.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    /// <summary>Whether every whole line that had been written still reads the same, and an unfinished one is told of.</summary>
    private bool IsContinued(byte[] before, out byte[] now)
    {
        now = [.. _files.Existing().SelectMany(File.ReadAllBytes)];
        var whole = before.AsSpan(0, before.AsSpan().LastIndexOf((byte)'\n') + 1);
        var isTold = whole.Length == before.Length || now.AsSpan(Math.Min(whole.Length, now.Length)).IndexOf("\"line.torn\""u8) >= 0;
        return now.AsSpan().StartsWith(whole) && isTold;
    }

    private KillFigures Count(int kills, int silent, CommandResult verdict)
    {
        var recorded = new HashSet<string>();
        var (starts, repairs) = (0, 0);
        foreach (var line in _files.Existing().SelectMany(File.ReadLines))
        {
            using var record = JsonDocument.Parse(line);
            var action = record.RootElement.GetProperty("action").GetString();
            starts += action == AuditActions.AuditStarted ? 1 : 0;
            repairs += action == AuditActions.AuditRecovered ? 1 : 0;
            if (action == AuditActions.ChatComplete)
                recorded.Add(record.RootElement.GetProperty("traceId").GetString()!);
        }

        return new KillFigures(
            kills, _answered.Count, _answered.Keys.Count(id => !recorded.Contains(id)), silent, starts, repairs, _files.Existing().Count, verdict.ExitCode, (verdict.Output + verdict.Error).Trim().ReplaceLineEndings(" "));
    }
}
