using System.Collections.Concurrent;

namespace Acme.App.Access;

/// <summary>Keeps count in this process; a restart begins anew.</summary>
internal sealed class MemoryLimitStore(TimeProvider time) : ILimitStore
{
    /// <summary>A claim is made shortly before it is counted: its window may have ended between the two.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Account> _accounts = new();

    public ValueTask<LimitDecision> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken)
    {
        var account = AccountOf(caller);
        lock (account)
        {
            account.Forget(time.GetUtcNow() - s_late);
            for (var index = 0; index < claims.Length; index++)
            {
                if (claims[index].Amount > claims[index].Most - account.Used(claims[index]))
                    return new(new LimitDecision(index, claims[index].Most - account.Used(claims[index])));
            }

            foreach (var claim in claims)
                account.Windows[(claim.Limit, claim.Resets)] = account.Used(claim) + claim.Amount;
            return new(new LimitDecision(-1, claims[0].Most - account.Used(claims[0])));
        }
    }

    public ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference, CancellationToken cancellationToken)
    {
        var account = AccountOf(caller);
        lock (account)
        {
            foreach (var claim in claims)
            {
                if (account.Windows.TryGetValue((claim.Limit, claim.Resets), out var used))
                    account.Windows[(claim.Limit, claim.Resets)] = used + difference;
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

    /// <summary>What one caller took. There are as many accounts as callers, and addresses of callers whose token names nobody.</summary>
    private sealed class Account
    {
        public Dictionary<(string Limit, DateTimeOffset Resets), long> Windows { get; } = [];

        public int UnderWay { get; set; }

        public long Used(in LimitClaim claim) => Windows.GetValueOrDefault((claim.Limit, claim.Resets));

        public void Forget(DateTimeOffset endedBefore)
        {
            foreach (var window in Windows.Keys)
            {
                if (window.Resets < endedBefore)
                    Windows.Remove(window);
            }
        }
    }
}
