using System.Collections.Concurrent;
using Acme.App.Guards;
using Microsoft.Extensions.AI;

namespace Acme.App.Access;

/// <summary>
/// How much: tokens by minute, day and month, for each caller, in this process. The most that a call can cost is taken before it, and what
/// it did not use is given back after it, so callers at the same time cannot overspend. A caller is known by a validated token, so
/// there are only as many accounts as the identity provider has users.
/// </summary>
internal sealed class TokenBudget(IHttpContextAccessor accessor, TimeProvider time) : IBudget
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new();

    public ValueTask<IBudgetReservation> ReserveAsync(BudgetEstimate estimate, CancellationToken cancellationToken)
    {
        // Work that no request began is the program's own.
        if (accessor.HttpContext is not { } context)
            return new ValueTask<IBudgetReservation>(new UnlimitedBudget());

        var quota = CallerQuota.Of(context);
        var account = _accounts.GetOrAdd(quota.Key, static _ => new Account());
        return new ValueTask<IBudgetReservation>(account.Reserve(estimate.InputTokens + estimate.OutputTokens, quota.Limits, time.GetUtcNow()));
    }

    private sealed class Account
    {
        private readonly Lock _lock = new();
        private readonly Window[] _windows = [new("minute"), new("day"), new("month")];

        public Reservation Reserve(long tokens, CallerLimits limits, DateTimeOffset now)
        {
            lock (_lock)
            {
                Span<long> allowed = [limits.TokensPerMinute, limits.TokensPerDay, limits.TokensPerMonth];
                for (var i = 0; i < _windows.Length; i++)
                {
                    _windows[i].MoveTo(now);
                    if (_windows[i].Used + tokens > allowed[i])
                        throw _windows[i].Refusal(tokens > allowed[i], now);
                }

                foreach (var window in _windows)
                    window.Used += tokens;
                return new Reservation(this, tokens, Array.ConvertAll(_windows, window => window.Began));
            }
        }

        /// <summary>A window that has passed since keeps what was reserved in it: it is over.</summary>
        public void Settle(long reserved, long spent, DateTimeOffset[] began)
        {
            lock (_lock)
            {
                for (var i = 0; i < _windows.Length; i++)
                {
                    if (_windows[i].Began == began[i])
                        _windows[i].Used += spent - reserved;
                }
            }
        }
    }

    private sealed class Window(string length)
    {
        public DateTimeOffset Began { get; private set; }

        public long Used { get; set; }

        private DateTimeOffset Ends => length switch
        {
            "minute" => Began.AddMinutes(1),
            "day" => Began.AddDays(1),
            _ => Began.AddMonths(1),
        };

        public void MoveTo(DateTimeOffset now)
        {
            DateTimeOffset began = length switch
            {
                "minute" => new(now.Year, now.Month, now.Day, now.Hour, now.Minute, 0, TimeSpan.Zero),
                "day" => new(now.Year, now.Month, now.Day, 0, 0, 0, TimeSpan.Zero),
                _ => new(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero),
            };
            if (began > Began)
                (Began, Used) = (began, 0);
        }

        public ChatRefusedException Refusal(bool isNeverPossible, DateTimeOffset now) => isNeverPossible
            ? new(ChatRefusedException.TooManyTokens, $"The request could cost more tokens than the caller has for a {length}. Make it shorter, or ask for fewer tokens.")
            : new(ChatRefusedException.TooManyTokens, $"The caller's tokens for this {length} are spent. Try again later.") { RetryAfter = Ends - now };
    }

    private sealed class Reservation(Account account, long tokens, DateTimeOffset[] began) : IBudgetReservation
    {
        private int _settled;

        public ValueTask SettleAsync(UsageDetails? usage, CancellationToken cancellationToken)
        {
            if (Interlocked.Exchange(ref _settled, 1) == 0)
                account.Settle(tokens, usage is null ? tokens : usage.TotalTokenCount ?? ((usage.InputTokenCount ?? 0) + (usage.OutputTokenCount ?? 0)), began);
            return default;
        }

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _settled, 1) == 0)
                account.Settle(tokens, 0, began);
            return default;
        }
    }
}
