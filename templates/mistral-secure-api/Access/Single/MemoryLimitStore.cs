namespace Acme.App.Access;

/// <summary>Keeps count in this process; a restart begins anew.</summary>
internal sealed class MemoryLimitStore(TimeProvider time) : ILimitStore
{
    /// <summary>A claim is made shortly before it is counted: its window may have ended between the two.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Account> _accounts = [];
    private DateTimeOffset _swept;

    public ValueTask<LimitDecision> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Sweep(time.GetUtcNow());
            var account = AccountOf(caller);
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

    public ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference)
    {
        lock (_gate)
        {
            var account = AccountOf(caller);
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
        lock (_gate)
        {
            var account = AccountOf(caller);
            if (account.UnderWay >= most)
                return new(false);
            account.UnderWay++;
            return new(true);
        }
    }

    public ValueTask LeaveAsync(string caller, string requestId)
    {
        lock (_gate)
            AccountOf(caller).UnderWay--;
        return default;
    }

    private Account AccountOf(string caller)
    {
        if (!_accounts.TryGetValue(caller, out var account))
            _accounts[caller] = account = new Account();
        return account;
    }

    /// <summary>Forgets what has ended, once a minute, and callers of whom nothing is left.</summary>
    private void Sweep(DateTimeOffset now)
    {
        if ((now - _swept).Duration() < s_late)
            return;
        _swept = now;
        foreach (var (caller, account) in _accounts)
        {
            foreach (var window in account.Windows.Keys)
                if (window.Resets < now - s_late)
                    account.Windows.Remove(window);
            if (account is { Windows.Count: 0, UnderWay: 0 })
                _accounts.Remove(caller);
        }
    }

    /// <summary>What one caller took, or the address of callers whose token names nobody.</summary>
    private sealed class Account
    {
        public Dictionary<(string Limit, DateTimeOffset Resets), long> Windows { get; } = [];

        public int UnderWay { get; set; }

        public long Used(in LimitClaim claim) => Windows.GetValueOrDefault((claim.Limit, claim.Resets));
    }
}
