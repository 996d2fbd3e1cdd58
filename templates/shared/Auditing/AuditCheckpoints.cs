using System.Net.Http.Headers;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>Signs where the chain stands after so many records, after so much time and at the end, and puts it where the owner chose.</summary>
internal sealed partial class AuditCheckpoints(
    AuditOptions options, string path, AuditKeys keys, AuditWriter writer, IHttpClientFactory clients, TimeProvider time, ILogger<AuditCheckpoints> logger) : IAsyncDisposable
{
    public const string HttpClientName = "audit-checkpoints";

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _due = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _loop;
    private int _unsigned;

    /// <summary>One more record was written.</summary>
    public void Count()
    {
        if (_loop is null)
        {
            lock (_gate)
                _loop ??= Task.Run(() => RunAsync(_stopping.Token));
        }

        if (Interlocked.Increment(ref _unsigned) == options.CheckpointRecords)
            _due.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        // The log disposes it before it closes, and the container once more.
        if (_stopping.IsCancellationRequested)
            return;

        await _stopping.CancelAsync();
        await (_loop ?? Task.CompletedTask);
        await SignAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await _due.Task.WaitAsync(options.CheckpointInterval, time, stopping).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!stopping.IsCancellationRequested)
                await SignAsync();
        }
    }

    private async Task SignAsync()
    {
        _due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.Exchange(ref _unsigned, 0) == 0)
            return;

        try
        {
            var (sequence, mac) = writer.Flush();
            var line = AuditCheckpoint.Sign(sequence, mac, time.GetUtcNow().UtcDateTime, keys);
            LogCheckpoint(logger, line);
            AppendToFile(line);
            if (options.CheckpointUrl is { } url)
                await PostAsync(url, line);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or HttpRequestException or TaskCanceledException)
        {
            LogFailed(logger, exception.GetType().Name);
            Interlocked.Increment(ref _unsigned);
        }
    }

    private void AppendToFile(string line)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = PrivateFile.Open(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        file.Position = file.Length;
        file.Write(Encoding.ASCII.GetBytes(line + "\n"));
        file.Flush(flushToDisk: true);
    }

    private async Task PostAsync(Uri url, string line)
    {
        using var client = clients.CreateClient(HttpClientName);
        using var content = new StringContent(line, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync(url, content);
        response.EnsureSuccessStatusCode();
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Information, Message = "Audit checkpoint: {Checkpoint}")]
    private static partial void LogCheckpoint(ILogger logger, string checkpoint);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Error, Message = "An audit checkpoint did not reach all its places ({Reason}); the next one covers the same records.")]
    private static partial void LogFailed(ILogger logger, string reason);
}
