namespace Acme.App.Access;

/// <summary>An amount that is taken from one of a caller's limits.</summary>
/// <param name="Most">How much the limit allows until it begins anew.</param>
/// <param name="Resets">When it begins anew.</param>
internal readonly record struct LimitClaim(string Limit, long Most, long Amount, DateTimeOffset Resets)
{
    /// <summary>How many seconds the limit holds for, where they are always as many.</summary>
    public int? Window { get; init; }

    /// <summary>One of the requests of a minute.</summary>
    public static LimitClaim OneRequest(int most, DateTimeOffset now) => new(CallerLimiter.Requests, most, 1, LimitWindows.NextMinute(now)) { Window = 60 };
}

/// <summary>How a claim ended.</summary>
/// <param name="Refused">The place of the claim that did not fit; -1 when all were taken.</param>
/// <param name="Remaining">What is left of the limit that refused, or else of the first.</param>
internal readonly record struct LimitDecision(int Refused, long Remaining);

/// <summary>Keeps count of what callers took. Where the count cannot be reached, each throws a <see cref="LimitStoreException"/>.</summary>
internal interface ILimitStore
{
    /// <summary>Takes all claims or none, in one step that no other caller can come between.</summary>
    ValueTask<LimitDecision> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken);

    /// <summary>Corrects claims that were taken, each by a difference, unless their limit has begun anew.</summary>
    ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference);

    /// <summary>Begins a request, unless as many are under way.</summary>
    ValueTask<bool> EnterAsync(string caller, int most, string requestId, CancellationToken cancellationToken);

    /// <summary>Ends a request that was begun.</summary>
    ValueTask LeaveAsync(string caller, string requestId);
}

/// <summary>The count cannot be reached. The message says why, and is safe to audit.</summary>
internal sealed class LimitStoreException(string message, Exception innerException) : Exception(message, innerException);
