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
            var refused = Array.FindIndex(claims, claim => claim.Amount > claim.Most - account.Used(claim));
            foreach (var claim in refused < 0 ? claims : [])
                account.Windows[(claim.Limit, claim.Resets)] = account.Used(claim) + claim.Amount;
            var told = claims[Math.Max(0, refused)];
            return new(new LimitDecision(refused, told.Most - account.Used(told)));
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

    private Account AccountOf(string caller) => _accounts.TryGetValue(caller, out var account) ? account : _accounts[caller] = new Account();

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
