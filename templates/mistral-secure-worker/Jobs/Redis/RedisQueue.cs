using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Acme.App.Scale;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Acme.App.Jobs;

/// <summary>
/// A queue in Redis Streams, for several workers. <c>inbox</c> has one consumer group, whose pending entries are the claims; results
/// are keys of their own, and <c>failed</c> is the stream of dead letters. A job is put there by <c>XADD inbox * id NAME job JSON</c>.
/// </summary>
internal sealed class RedisQueue(RedisConnection redis, IOptions<JobOptions> jobs, IOptions<RedisQueueOptions> options) : IJobQueue
{
    private const string Group = "workers";
    private const int MissedBeats = 6;
    private const int MostAtOnce = 100;
    private const int FailedAtOnce = 100;
    private static readonly TimeSpan s_rememberWorkers = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, bool> _claims = new();
    private readonly string _worker = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";

    // One hash tag, so that a cluster keeps together what a script touches.
    private readonly string _prefix = redis.KeyPrefix + "{jobs}:";
    private bool _isOpen;

    // A claim whose answer did not arrive has taken jobs all the same: where this worker's own claims are read from, until all are.
    private string? _lostAfter;

    public string Place => _prefix + "inbox";

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var database = await redis.DatabaseAsync(cancellationToken);
        try
        {
            await database.StreamCreateConsumerGroupAsync(Place, Group, StreamPosition.Beginning, createStream: true);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // Another worker was first.
        }

        _isOpen = true;
    }

    public async Task<int> TakeUpAsync(CancellationToken cancellationToken)
    {
        if (!_isOpen)
            return 0;
        try
        {
            var database = await redis.DatabaseAsync(cancellationToken);
            RedisValue[] own = [.. _claims.Keys.Select(claim => (RedisValue)claim)];
            if (own.Length > 0)
                await database.StreamClaimIdsOnlyAsync(Place, Group, _worker, minIdleTimeInMs: 0, own);
            var lease = (long)(jobs.Value.Heartbeat * MissedBeats).TotalMilliseconds;
            return (int)await EvaluateAsync(
                RedisQueueScripts.TakeUp, "", cancellationToken, Group, _worker, lease, MostAtOnce, (long)s_rememberWorkers.TotalMilliseconds);
        }
        catch (RedisServerException exception) when (IsEmptied(exception))
        {
            await OpenAsync(cancellationToken);
            return 0;
        }
    }

    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int most, CancellationToken cancellationToken)
    {
        // A hand that ends its job meanwhile must not make it look like one that was never given.
        var known = _claims.Keys.ToHashSet();
        var from = _lostAfter ?? ">";
        _lostAfter ??= "0";
        try
        {
            var entries = (RedisResult[])(await EvaluateAsync(
                RedisQueueScripts.Claim, "", cancellationToken,
                Group, _worker, most, MostAtOnce, jobs.Value.MaxJobBytes + 1L, from))!;
            ClaimedJob[] found = [.. entries.Select(entry => Read((RedisResult[])entry!))];
            _lostAfter = from == ">" || found.Length == 0 ? null : found[^1].Handle;
            ClaimedJob[] claimed = [.. found.Where(job => !known.Contains(job.Handle))];
            foreach (var job in claimed)
                _claims[job.Handle] = true;
            return claimed;
        }
        catch (RedisServerException exception) when (IsEmptied(exception))
        {
            _lostAfter = null;
            await OpenAsync(cancellationToken);
            return [];
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("OOM", StringComparison.Ordinal))
        {
            // That delayed jobs found no room is said only where nothing was claimed.
            _lostAfter = null;
            throw;
        }
    }

    public Task CompleteAsync(ClaimedJob job, JobResult result, CancellationToken cancellationToken) =>
        EndAsync(job, RedisQueueScripts.Complete, cancellationToken, JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Readable.JobResult),
            (long)options.Value.KeepResults.TotalSeconds, options.Value.KeepFailed, Serialize(JobFailure.Duplicate(job.Id)));

    public Task FailAsync(ClaimedJob job, JobFailure failure, CancellationToken cancellationToken) =>
        EndAsync(job, RedisQueueScripts.Fail, cancellationToken, Serialize(failure), options.Value.KeepFailed);

    public Task ReturnAsync(ClaimedJob job, TimeSpan delay, bool isCounted, CancellationToken cancellationToken) =>
        EndAsync(job, RedisQueueScripts.Return, cancellationToken,
            isCounted ? job.Attempt : job.Attempt - 1, (long)Math.Ceiling(Math.Max(0, delay.TotalMilliseconds)));

    public async Task<JobCounts> CountAsync(CancellationToken cancellationToken)
    {
        var database = await redis.DatabaseAsync(cancellationToken);
        var length = await database.StreamLengthAsync(Place);
        var groups = length == 0 ? [] : await database.StreamGroupInfoAsync(Place);
        var working = groups.Where(group => group.Name == Group).Sum(group => group.PendingMessageCount);
        return new JobCounts(
            // An entry that somebody removed is still pending.
            Math.Max(0, length - working),
            await database.SortedSetLengthAsync(_prefix + "delayed"),
            working,
            (long)await database.HashGetAsync(_prefix + "counts", "done"),
            await database.StreamLengthAsync(_prefix + "failed"));
    }

    public async Task<IReadOnlyList<JobFailure>> ListFailedAsync(int most, CancellationToken cancellationToken)
    {
        var failures = new List<JobFailure>();
        for (string? from = "+"; from is not null && failures.Count < most;)
        {
            var part = (RedisResult[])(await EvaluateAsync(
                RedisQueueScripts.ListFailed, "", cancellationToken, from, Math.Min(most - failures.Count, FailedAtOnce)))!;
            from = (string?)part[0];
            failures.AddRange(((RedisResult[])part[1]!).Select(failure => JobFailure.Read((byte[])failure[1]!, (string)failure[0]!)));
        }

        return failures;
    }

    public async Task<bool> RetryAsync(string id, CancellationToken cancellationToken)
    {
        // Part by part, so that Redis answers the workers in between.
        string? from = "+";
        while (from is { Length: > 0 })
            from = (string?)await EvaluateAsync(RedisQueueScripts.Retry, "", cancellationToken, id, from, FailedAtOnce);
        return from is not null;
    }

    public async Task<int> RetryAllAsync(CancellationToken cancellationToken)
    {
        var (last, back) = ("", 0);
        while (true)
        {
            var part = await EvaluateAsync(RedisQueueScripts.RetryAll, "", cancellationToken, last, FailedAtOnce);
            if ((int)part[1] == 0)
                return back;
            (last, back) = ((string)part[0]!, back + (int)part[1]);
        }
    }

    public string Describe(Exception exception) => RedisConnection.Describe(exception);

    /// <summary>Whether Redis was emptied, or lost its memory.</summary>
    private static bool IsEmptied(RedisServerException exception) => exception.Message.Contains("NOGROUP", StringComparison.Ordinal);

    private static byte[] Serialize(JobFailure failure) => JsonSerializer.SerializeToUtf8Bytes(failure, JobJson.Readable.JobFailure);

    private static ClaimedJob Read(RedisResult[] entry) => new()
    {
        Handle = (string)entry[0]!,
        Id = (string)entry[1]!,
        Attempt = int.TryParse((string)entry[2]!, NumberStyles.None, CultureInfo.InvariantCulture, out var attempts) && attempts < int.MaxValue
            ? attempts + 1
            : 1,
        // Read as text, names that are not UTF-8 fall together, and the answers with them: none is asked for.
        Body = Utf8.IsValid((byte[])entry[1]!) ? (ReadOnlyMemory<byte>?)(byte[])entry[3]! : null,
        IsDuplicate = (bool)entry[4],
    };

    private async Task EndAsync(ClaimedJob job, string script, CancellationToken cancellationToken, params RedisValue[] arguments)
    {
        // Where the claim was lost to another worker, the script changes nothing, and that is as it should be.
        try
        {
            await EvaluateAsync(script, job.Id, cancellationToken, [Group, job.Handle, .. arguments]);
        }
        catch (RedisServerException exception) when (IsEmptied(exception))
        {
            // The claim went with all the rest.
        }

        _claims.TryRemove(job.Handle, out _);
    }

    private async Task<RedisResult> EvaluateAsync(string script, string id, CancellationToken cancellationToken, params RedisValue[] arguments)
    {
        var database = await redis.DatabaseAsync(cancellationToken);
        return await database.ScriptEvaluateAsync(
            script, [Place, _prefix + "delayed", _prefix + "failed", _prefix + "counts", _prefix + "done:" + id], arguments);
    }
}
