using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>Signs where the chain stands after so many records, after so much time and at the end, and puts it where the owner chose.</summary>
internal sealed partial class AuditCheckpoints(
    AuditOptions options, string path, AuditKeys keys, AuditWriter writer, IHttpClientFactory clients, TimeProvider time, ILogger<AuditCheckpoints> logger)
{
    public const string HttpClientName = "audit-checkpoints";

    // Made at once: the last checkpoint is due while the container is disposed of, and by then it makes no client any more.
    private readonly HttpClient _client = clients.CreateClient(HttpClientName);
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private ITimer? _timer;
    private int _unsigned;
    private bool _isDue;

    /// <summary>One more record was written.</summary>
    public void Count()
    {
        if (_timer is null)
            StartTimer();
        if (Interlocked.Increment(ref _unsigned) >= options.CheckpointRecords && !Interlocked.Exchange(ref _isDue, true))
            _ = SignAsync();
    }

    /// <summary>Signs what is left. The log calls this once, before it closes.</summary>
    public async Task FinishAsync()
    {
        await (_timer?.DisposeAsync() ?? default);
        await SignAsync();
        _client.Dispose();
    }

    private void StartTimer()
    {
        lock (_gate)
            _timer ??= time.CreateTimer(_ => SignUnlessUnderWay(), null, options.CheckpointInterval, options.CheckpointInterval);
    }

    /// <summary>While a place does not answer, there is nothing to gain by asking it once more, and the end would wait for all.</summary>
    private void SignUnlessUnderWay()
    {
        if (_last.IsCompleted)
            _ = SignAsync();
    }

    private Task SignAsync()
    {
        lock (_gate)
            return _last = SignAfterAsync(_last);
    }

    private async Task SignAfterAsync(Task last)
    {
        // Nobody who writes a record is to wait for a signature.
        await last.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            Volatile.Write(ref _isDue, false);
            if (Interlocked.Exchange(ref _unsigned, 0) > 0)
                await SignInTurnAsync();
        }
        catch (Exception exception)
        {
            // The message may name the address, which may hold a secret.
            LogFailed(logger, exception.GetType().Name);
            Interlocked.Increment(ref _unsigned);
        }
    }

    private async Task SignInTurnAsync()
    {
        var (sequence, mac) = writer.Flush();
        var line = AuditCheckpoint.Sign(sequence, mac, time.GetUtcNow().UtcDateTime, keys.Signing);
        LogCheckpoint(logger, line);
        try
        {
            AppendToFile(line);
        }
        finally
        {
            await PostAsync(line);
        }
    }

    private async Task PostAsync(string line)
    {
        if (options.CheckpointUrl is not { } url)
            return;

        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(line) };
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
    }

    private void AppendToFile(string line)
    {
        // On Unix only an exclusive lock keeps two writers apart, and it would keep whoever verifies out of the file as well.
        using var turn = options.Shared ? AuditFiles.TakeTurn(path + ".lock", options.Patience) : null;
        using var file = AuditFiles.OpenPrivate(path, FileMode.OpenOrCreate, FileShare.Read);
        file.Position = Math.Max(0, file.Length - 1);
        var unfinished = file.Length > 0 && file.ReadByte() != '\n';
        file.Write(Encoding.ASCII.GetBytes($"{(unfinished ? "\n" : "")}{line}\n"));
        file.Flush(flushToDisk: true);
    }

    [LoggerMessage(5001, LogLevel.Information, "Audit checkpoint: {Checkpoint}")]
    private static partial void LogCheckpoint(ILogger logger, string checkpoint);

    [LoggerMessage(5002, LogLevel.Error, "An audit checkpoint did not reach all its places ({Reason}); the next one covers the same records.")]
    private static partial void LogFailed(ILogger logger, string reason);
}

/// <summary>
/// Says, signed, where the chain stood: whoever has the public key can hold the log against it without the chain's secret. It is one
/// line of five words: the record's number, its MAC, the signing key's id, the time, and the signature of all before it.
/// </summary>
internal sealed record AuditCheckpoint(long Sequence, string Mac, string KeyId, string Signed, byte[] Signature)
{
    public static string Sign(long sequence, string mac, DateTime timestamp, ECDsa key)
    {
        var signed = string.Create(CultureInfo.InvariantCulture, $"{sequence} {mac} {IdOf(key)} {timestamp:O}");
        return $"{signed} {Convert.ToBase64String(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <summary>Reads a line; one that is not whole, as a sudden end leaves it, is none.</summary>
    public static AuditCheckpoint? Parse(string line)
    {
        var signature = new byte[line.Length];
        return line.Split(' ') is [var number, var mac, var keyId, _, var encoded]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && Convert.TryFromBase64String(encoded, signature, out var length)
            ? new AuditCheckpoint(sequence, mac, keyId, line[..line.LastIndexOf(' ')], signature[..length])
            : null;
    }

    public bool IsSignedBy(ECDsa key) => key.VerifyData(Encoding.ASCII.GetBytes(Signed), Signature, HashAlgorithmName.SHA256);

    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..AuditKey.IdLength];
}
