namespace Acme.App.Mistral;

/// <summary>The time that one call may take: its caller, its deadline or a standstill ends it, whichever comes first.</summary>
internal sealed class CallClock : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _total;
    private readonly long _start;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;

    public CallClock(TimeProvider time, TimeSpan total, CancellationToken caller)
    {
        (_time, _total, _start, _caller) = (time, total, time.GetTimestamp(), caller);
        _source = new CancellationTokenSource(total, time);
        _registration = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Starts a wait that may last this long, but never past the deadline.</summary>
    public void Start(TimeSpan longest)
    {
        var left = _total - _time.GetElapsedTime(_start);
        _source.CancelAfter(left < TimeSpan.Zero ? TimeSpan.Zero : left < longest ? left : longest);
    }

    /// <summary>Stops the clock while the caller is at work with what it got.</summary>
    public void Stop() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Says whether the caller gave up or the time was up.</summary>
    public Exception Explain() => _caller.IsCancellationRequested
        ? new OperationCanceledException(_caller)
        : new MistralException(MistralErrorKind.TimedOut, "Mistral did not answer in time. See the limits under 'Mistral:Resilience'.");

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
