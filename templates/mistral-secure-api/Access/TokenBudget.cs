using Microsoft.Extensions.AI;

namespace Acme.App.Access;

/// <summary>Keeps each caller within its tokens of a minute, a day and a month: the most is reserved before the call, the rest given back after it.</summary>
internal sealed class TokenBudget(CallerLimiter limiter, TimeProvider time) : IBudget
{
    private static readonly NoReservation s_noCaller = new();

    public async ValueTask<IBudgetReservation> ReserveAsync(BudgetEstimate estimate, CancellationToken cancellationToken)
    {
        // Work that no request began is the program's own.
        if (limiter.Current is not { } caller)
            return s_noCaller;

        var now = time.GetUtcNow();
        var most = estimate.InputTokens + estimate.OutputTokens;
        LimitClaim[] claims =
        [
            new("tokens-minute", caller.Limits.TokensPerMinute, most, LimitWindows.NextMinute(now)),
            new("tokens-day", caller.Limits.TokensPerDay, most, LimitWindows.NextDay(now)),
            new("tokens-month", caller.Limits.TokensPerMonth, most, LimitWindows.NextMonth(now)),
        ];
        return await limiter.TakeAsync(caller.Key, claims, cancellationToken) is null ? s_noCaller : new Reservation(limiter, caller.Key, claims, most);
    }

    private sealed class Reservation(CallerLimiter limiter, string caller, LimitClaim[] claims, long reserved) : IBudgetReservation
    {
        private bool _isSettled;

        public ValueTask SettleAsync(UsageDetails? usage, CancellationToken cancellationToken) =>
            ChargeAsync(usage?.TotalTokenCount ?? usage?.InputTokenCount + usage?.OutputTokenCount ?? reserved);

        public ValueTask DisposeAsync() => ChargeAsync(0);

        private ValueTask ChargeAsync(long cost)
        {
            if (_isSettled)
                return default;
            _isSettled = true;
            return cost == reserved ? default : limiter.CorrectAsync(caller, claims, cost - reserved);
        }
    }

    private sealed class NoReservation : IBudgetReservation
    {
        public ValueTask SettleAsync(UsageDetails? usage, CancellationToken cancellationToken) => default;

        public ValueTask DisposeAsync() => default;
    }
}
