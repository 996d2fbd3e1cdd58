using System.Collections.Concurrent;
using Acme.App.Scale;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Acme.App.Access;

/// <summary>Keeps count in Redis, by scripts that run there in one step, so that no replica comes between another's look and its taking.</summary>
internal sealed class RedisLimitStore(RedisConnection redis, IOptions<AccessOptions> access, TimeProvider time) : ILimitStore
{
    /// <summary>Redis may be ahead of this machine: a count must not end before its time.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(5);

    private const string Take = """
        for i = 1, #KEYS do
          local used = tonumber(redis.call('GET', KEYS[i]) or '0')
          local most = tonumber(ARGV[3 * i - 1])
          if used + tonumber(ARGV[3 * i - 2]) > most then return {i - 1, most - used} end
        end
        local left = 0
        for i = 1, #KEYS do
          local used = redis.call('INCRBY', KEYS[i], ARGV[3 * i - 2])
          redis.call('PEXPIREAT', KEYS[i], ARGV[3 * i])
          if i == 1 then left = tonumber(ARGV[2]) - used end
        end
        return {-1, left}
        """;

    private const string Correct = """
        for i = 1, #KEYS do
          if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('INCRBY', KEYS[i], ARGV[1]) end
        end
        return 0
        """;

    private const string Enter = """
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
        for i = 5, #ARGV do redis.call('ZREM', KEYS[1], ARGV[i]) end
        if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
        redis.call('ZADD', KEYS[1], ARGV[2], ARGV[4])
        redis.call('PEXPIREAT', KEYS[1], ARGV[2])
        return 1
        """;

    /// <summary>The most ended requests of a caller that are kept until Redis can be told.</summary>
    private const int MostUntold = 1000;

    private readonly ConcurrentDictionary<string, RedisValue[]> _untold = new();

    public async ValueTask<LimitDecision> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken)
    {
        RedisValue[] values =
            [.. claims.SelectMany(claim => (RedisValue[])[claim.Amount, claim.Most, (claim.Resets + s_clockSkew).ToUnixTimeMilliseconds()])];
        var result = (RedisResult[])(await RunAsync(Take, Keys(caller, claims), values, cancellationToken))!;
        return new LimitDecision((int)result[0], (long)result[1]);
    }

    public async ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference) =>
        await RunAsync(Correct, Keys(caller, claims), [difference], CancellationToken.None);

    public async ValueTask<bool> EnterAsync(string caller, int most, string requestId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // A request whose process died without a word is forgotten once none can be under way any more.
        var longest = access.Value.RequestTimeout + s_clockSkew;
        var ended = _untold.TryRemove(caller, out var untold) ? untold : [];
        RedisValue[] values = [now.ToUnixTimeMilliseconds(), (now + longest).ToUnixTimeMilliseconds(), most, requestId, .. ended];
        try
        {
            return (int)await RunAsync(Enter, [UnderWay(caller)], values, cancellationToken) == 1;
        }
        catch (LimitStoreException exception)
        {
            // It may have been let in all the same, and only the answer was lost.
            TellLater(caller, MayHaveRun(exception.InnerException) ? [.. ended, requestId] : ended);
            throw;
        }
    }

    public async ValueTask LeaveAsync(string caller, string requestId)
    {
        try
        {
            await RunAsync("return redis.call('ZREM', KEYS[1], ARGV[1])", [UnderWay(caller)], [requestId], CancellationToken.None);
        }
        catch (LimitStoreException)
        {
            TellLater(caller, [requestId]);
            throw;
        }
    }

    private static bool MayHaveRun(Exception? exception) =>
        exception is TimeoutException or RedisConnectionException { FailureType: ConnectionFailureType.SocketClosed or ConnectionFailureType.SocketFailure };

    private void TellLater(string caller, RedisValue[] ended) =>
        _untold.AddOrUpdate(caller, ended, (_, before) => [.. before.Concat(ended).TakeLast(MostUntold)]);

    private async Task<RedisResult> RunAsync(string script, RedisKey[] keys, RedisValue[] values, CancellationToken cancellationToken)
    {
        try
        {
            var database = await redis.DatabaseAsync(cancellationToken);
            // Not given up when the caller leaves: what it took would never be given back. Redis:CommandTimeout bounds the wait.
            return await database.ScriptEvaluateAsync(script, keys, values);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            throw new LimitStoreException(RedisConnection.Describe(exception), exception);
        }
    }

    // The braces keep one caller's keys on one node of a cluster. A limit that begins anew has another key.
    private RedisKey[] Keys(string caller, LimitClaim[] claims) =>
        Array.ConvertAll(claims, claim => (RedisKey)$"{redis.KeyPrefix}limit:{{{caller}}}:{claim.Limit}:{claim.Resets.ToUnixTimeSeconds()}");

    private RedisKey UnderWay(string caller) => $"{redis.KeyPrefix}limit:{{{caller}}}:underway";
}
