using System.Text;

namespace Acme.App.Auditing;

/// <summary>Signs where the chain stands after so many records, after so much time and at the end, and puts it where the owner chose.</summary>
internal sealed partial class AuditCheckpoints(
    AuditOptions options, string path, AuditKeys keys, AuditWriter writer, IHttpClientFactory clients, TimeProvider time, ILogger<AuditCheckpoints> logger)
{
    public const string HttpClientName = "audit-checkpoints";

    // Made at once: the last checkpoint is due while the container is disposed of, and by then it makes no client any more.
    private readonly HttpClient _client = clients.CreateClient(HttpClientName);
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource _due = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _loop;
    private int _unsigned;

    /// <summary>One more record was written.</summary>
    public void Count()
    {
        if (_loop is null)
        {
            lock (_stopping)
                _loop ??= RunAsync(_stopping.Token);
        }

        if (Interlocked.Increment(ref _unsigned) == options.CheckpointRecords)
            Volatile.Read(ref _due).TrySetResult();
    }

    /// <summary>Signs what is left. The log calls this once, before it closes.</summary>
    public async Task FinishAsync()
    {
        await _stopping.CancelAsync();
        await (_loop ?? Task.CompletedTask);
        await SignAsync();
        _stopping.Dispose();
        _client.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Volatile.Read(ref _due).Task.WaitAsync(options.CheckpointInterval, time, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!stopping.IsCancellationRequested)
                await SignAsync();
        }
    }

    private async Task SignAsync()
    {
        Volatile.Write(ref _due, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Interlocked.Exchange(ref _unsigned, 0) == 0)
            return;

        try
        {
            var (sequence, mac) = writer.Flush();
            var line = AuditCheckpoint.Sign(sequence, mac, time.GetUtcNow().UtcDateTime, keys.Signing);
            LogCheckpoint(logger, line);
            AppendToFile(line);
            if (options.CheckpointUrl is not { } url)
                return;

            using var response = await _client.PostAsync(url, new StringContent(line));
            response.EnsureSuccessStatusCode();
        }
        catch (Exception exception)
        {
            // The message may name the address, which may hold a secret.
            LogFailed(logger, exception.GetType().Name);
            Interlocked.Increment(ref _unsigned);
        }
    }

    private void AppendToFile(string line)
    {
        using var file = AuditFiles.OpenPrivateInTurn(path, FileShare.Read, options.Patience);
        file.Position = Math.Max(0, file.Length - 1);
        var unfinished = file.Length > 0 && file.ReadByte() != '\n';
        file.Write(Encoding.ASCII.GetBytes($"{(unfinished ? "\n" : "")}{line}\n"));
        file.Flush(flushToDisk: true);
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "Audit checkpoint: {Checkpoint}")]
    private static partial void LogCheckpoint(ILogger logger, string checkpoint);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Error, Message = "An audit checkpoint did not reach all its places ({Reason}); the next one covers the same records.")]
    private static partial void LogFailed(ILogger logger, string reason);
}
