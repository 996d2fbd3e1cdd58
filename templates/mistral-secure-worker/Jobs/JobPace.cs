using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>Keeps the worker within its rate, and still while Mistral asks it to wait.</summary>
internal sealed class JobPace : IDisposable
{
    private const int LongestDoubling = 6;
    private const int MostTicksPerMinute = 6000;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);

    private readonly JobOptions _options;
    private readonly TimeProvider _time;
    private readonly TokenBucketRateLimiter? _limiter;
    private readonly Lock _lock = new();
    private long _heldAt;
    private TimeSpan _held;
    private int _pauses;

    public JobPace(IOptions<JobOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        if (_options.RequestsPerMinute is > 0 and var rate)
        {
            // A timer is no finer than some milliseconds.
            var atOnce = Math.Max(1, rate / MostTicksPerMinute);
            _limiter = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
            {
                // One second's worth at once, so that a minute's worth never comes in a burst.
                TokenLimit = Math.Max(atOnce, rate / 60),
                TokensPerPeriod = atOnce,
                ReplenishmentPeriod = TimeSpan.FromMinutes(1) * atOnce / rate,
                QueueLimit = _options.Concurrency,
            });
        }
    }

    /// <summary>Waits while the worker is held.</summary>
    public async Task WaitForPauseAsync(CancellationToken cancellationToken)
    {
        while (Pause() is { Ticks: > 0 } pause)
            await Task.Delay(pause, _time, cancellationToken);
    }

    /// <summary>Waits until a request may be sent.</summary>
    public async Task WaitForTurnAsync(CancellationToken cancellationToken)
    {
        using var lease = _limiter is null ? null : await _limiter.AcquireAsync(1, cancellationToken);
        // Last: the worker may have been held meanwhile.
        await WaitForPauseAsync(cancellationToken);
    }

    /// <summary>The whole worker waits: as long as Mistral asks for, else longer each time until something succeeds.</summary>
    public TimeSpan Hold(TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            var left = Left();
            // Jobs that were under way together fail together; that is one reason to wait, not many.
            if (left <= TimeSpan.Zero)
                _pauses = Math.Min(_pauses + 1, LongestDoubling);
            // Who asks for no wait gets one all the same: nothing of a hold counts against a job, and so nothing would end it.
            var wait = retryAfter >= s_firstPause ? retryAfter.Value : s_firstPause * Math.Pow(2, _pauses - 1);
            wait = wait < _options.MaxRetryDelay ? wait : _options.MaxRetryDelay;
            if (wait <= left)
                return left;
            (_heldAt, _held) = (_time.GetTimestamp(), wait);
            return wait;
        }
    }

    public void Succeeded() => Volatile.Write(ref _pauses, 0);

    /// <summary>How long a job waits after an attempt: doubled each time, with a random half, so that jobs do not come back together.</summary>
    public TimeSpan DelayAfter(int attempt)
    {
        var longest = Math.Min(_options.RetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 30)), _options.MaxRetryDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    public void Dispose() => _limiter?.Dispose();

    private TimeSpan Pause()
    {
        lock (_lock)
            return Left();
    }

    // By a clock that nobody sets.
    private TimeSpan Left() => _held - _time.GetElapsedTime(_heldAt);
}
