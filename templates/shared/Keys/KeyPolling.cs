using Microsoft.Extensions.Options;

namespace Acme.App.Keys;

/// <summary>Looks at the key's source from time to time, and speaks up when the key grows old.</summary>
internal sealed partial class KeyPolling(
    KeyRing ring, KeySource source, IConfiguration configuration, IOptions<KeyOptions> options, TimeProvider timeProvider, ILogger<KeyPolling> logger)
    : BackgroundService
{
    private const double Jitter = 0.2;

    /// <summary>A value that could not be read or checked is tried again sooner than the next poll, but later each time: a store may be throttled.</summary>
    private static readonly TimeSpan s_soonAgain = TimeSpan.FromSeconds(10);
    private const int MostDoublings = 20;

    private string? _warned;
    private int _unsettled;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (KeyCheck.IsOffline(configuration))
            return;

        while (!stoppingToken.IsCancellationRequested)
        {
            WarnOnce();
            // Where another service fails to start, the host would tell a wait that was cancelled as a fault.
            await Task.Delay(NextWait(), timeProvider, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (source.CanChange && !stoppingToken.IsCancellationRequested)
                await PollAsync(stoppingToken);
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ring.PollAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The record could not be written, so the rotation did not happen; the next poll tries again.
            LogFailed(exception.GetType().Name);
        }
    }

    // Several replicas must not ask the store at the same moment.
    private TimeSpan NextWait()
    {
        _unsettled = ring.Settled ? 0 : Math.Min(_unsettled + 1, MostDoublings);
        var soon = s_soonAgain * Math.Pow(2, _unsettled - 1);
        var wait = _unsettled == 0 || options.Value.PollInterval < soon ? options.Value.PollInterval : soon;
        return wait * (1 - Jitter * Random.Shared.NextDouble());
    }

    private void WarnOnce()
    {
        var health = ring.Health;
        if (ring.Settled && health.Warning is { } warning && warning != _warned)
            LogAge(health.Fingerprint, warning);
        _warned = health.Warning;
    }

    [LoggerMessage(1105, LogLevel.Warning, "The API key {Fingerprint} needs attention: {Warning}")]
    private partial void LogAge(string? fingerprint, string warning);

    [LoggerMessage(1106, LogLevel.Error, "Looking for a new API key failed with {Failure}; it is tried again.")]
    private partial void LogFailed(string failure);
}
