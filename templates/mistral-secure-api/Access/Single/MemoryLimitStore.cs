using System.Collections.Concurrent;

namespace Acme.App.Access;

/// <summary>Keeps count in this process; a restart begins anew.</summary>
internal sealed class MemoryLimitStore(TimeProvider time) : ILimitStore
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new();

    public ValueTask<LimitDecision> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken)
    {
        var account = AccountOf(caller);
        var now = time.GetUtcNow();
        lock (account)
        {
            for (var index = 0; index < claims.Length; index++)
            {
                if (account.Used(claims[index], now) + claims[index].Amount > claims[index].Most)
                    return new(new LimitDecision(index, 0));
            }

            foreach (var claim in claims)
                account.Counters[claim.Limit] = (account.Used(claim, now) + claim.Amount, claim.Resets);
            return new(new LimitDecision(-1, claims[0].Most - account.Used(claims[0], now)));
        }
    }

    public ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference, CancellationToken cancellationToken)
    {
        var account = AccountOf(caller);
        lock (account)
        {
            foreach (var claim in claims)
            {
                if (account.Counters.TryGetValue(claim.Limit, out var counter) && counter.Resets == claim.Resets)
                    account.Counters[claim.Limit] = (counter.Used + difference, counter.Resets);
            }
        }

        return default;
    }

    public ValueTask<bool> EnterAsync(string caller, int most, string requestId, CancellationToken cancellationToken)
    {
        var account = AccountOf(caller);
        lock (account)
        {
            if (account.UnderWay >= most)
                return new(false);
            account.UnderWay++;
            return new(true);
        }
    }

    public ValueTask LeaveAsync(string caller, string requestId, CancellationToken cancellationToken)
    {
        var account = AccountOf(caller);
        lock (account)
            account.UnderWay--;
        return default;
    }

    private Account AccountOf(string caller) => _accounts.GetOrAdd(caller, _ => new Account());

    /// <summary>One caller's counters. There are as many accounts as the identity provider has callers.</summary>
    private sealed class Account
    {
        public Dictionary<string, (long Used, DateTimeOffset Resets)> Counters { get; } = [];

        public int UnderWay { get; set; }

        public long Used(in LimitClaim claim, DateTimeOffset now) =>
            Counters.TryGetValue(claim.Limit, out var counter) && counter.Resets > now && counter.Resets >= claim.Resets ? counter.Used : 0;
    }
}
