namespace Acme.App.Access;

/// <summary>Keeps each caller within its tokens of a minute, a day and a month: the most is reserved before the call, the rest given back after it.</summary>
internal sealed class TokenBudget(CallerLimiter limiter, TimeProvider time)
{
    /// <summary>Reserves the most tokens that a call can cost, or refuses by a <see cref="Guards.ChatRefusedException"/>.</summary>
    public async ValueTask<TokenReservation> ReserveAsync(long tokens, CancellationToken cancellationToken)
    {
        // Work that no request began is the program's own.
        if (limiter.Current is not { } caller)
            return new TokenReservation(limiter, "", [], tokens);

        var now = time.GetUtcNow();
        LimitClaim[] claims =
        [
            new("tokens-minute", caller.Limits.TokensPerMinute, tokens, LimitWindows.NextMinute(now)) { Window = 60 },
            new("tokens-day", caller.Limits.TokensPerDay, tokens, LimitWindows.NextDay(now)) { Window = 86_400 },
            new("tokens-month", caller.Limits.TokensPerMonth, tokens, LimitWindows.NextMonth(now)),
        ];
        var isTaken = await limiter.TakeAsync(caller.Key, claims, cancellationToken);
        return new TokenReservation(limiter, caller.Key, isTaken ? claims : [], tokens);
    }
}

/// <summary>What was reserved of a caller's limits; disposing what was not settled gives it back.</summary>
internal sealed class TokenReservation(CallerLimiter limiter, string caller, LimitClaim[] claims, long reserved) : IAsyncDisposable
{
    private bool _isSettled = claims.Length == 0;

    /// <summary>Charges what the call did cost.</summary>
    public ValueTask SettleAsync(long cost)
    {
        if (_isSettled)
            return default;
        _isSettled = true;
        return cost == reserved ? default : limiter.CorrectAsync(caller, claims, cost - reserved);
    }

    public ValueTask DisposeAsync() => SettleAsync(0);
}
