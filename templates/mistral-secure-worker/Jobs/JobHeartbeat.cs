using Acme.App.Keys;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>
/// Every few seconds: shows that the worker lives, takes up what dead ones left, and says how far it is. Once a day, and while something kept every
/// job from being answered that no job has met for a while: checks the key.
/// </summary>
internal sealed partial class JobHeartbeat(
    IJobQueue queue, JobHealth health, JobMetrics metrics, IApiKeys keys, IKeyVerifier verifier,
    IOptions<JobOptions> options, TimeProvider time, ILogger<JobHeartbeat> logger)
    : BackgroundService
{
    private readonly ToldFaults _faults = new();
    private (long, long, long) _told;
    private long _keyChecked = time.GetTimestamp();

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        health.Begin();
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        health.Remove();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Heartbeat, time);
        do
        {
            try
            {
                await BeatAsync(stoppingToken);
                _faults.End();
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                if (_faults.IsNews(queue.Describe(exception)))
                    LogFault(exception);
                TellOfFault();
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        health.HasBeatFailed = true;
        var (taken, counts) = (await queue.TakeUpAsync(cancellationToken), await queue.CountAsync(cancellationToken));
        health.HasBeatFailed = false;
        if (taken > 0)
            LogTakenUp(taken);

        health.QueueAnswered();
        metrics.Counted(counts);
        if (time.GetElapsedTime(_keyChecked) >= options.Value.KeyCheckInterval || health.IsObstacleOld)
            await CheckKeyAsync(cancellationToken);
        health.Write(counts);

        var totals = metrics.Totals;
        if (totals != _told)
            LogProgress(totals.Done, totals.Failed, totals.Returned, counts.Waiting + counts.Delayed);
        _told = totals;
    }

    /// <summary>Without the counts, which may be what cannot be had.</summary>
    private void TellOfFault()
    {
        try
        {
            health.Write(null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file that grows old says as much.
        }
    }

    private async Task CheckKeyAsync(CancellationToken cancellationToken)
    {
        _keyChecked = time.GetTimestamp();
        if (keys.CurrentOrDefault is not { } key)
            return;

        // A beat that waits for Mistral longer than for the next one would have this worker taken for dead.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.Heartbeat);
        var verdict = KeyVerdict.Inconclusive;
        try
        {
            verdict = await verifier.VerifyAsync(key, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is asked again at the next check.
        }

        LogKeyChecked(key.Fingerprint, verdict);
        health.Obstacle = verdict switch
        {
            KeyVerdict.Accepted => null,
            KeyVerdict.Rejected => "Mistral refused the key at the last check. Run 'keys rotate'.",
            _ => health.Obstacle,
        };
    }

    [LoggerMessage(3010, LogLevel.Information, "{Done} jobs done, {Failed} failed, {Returned} given back since the start; {Waiting} wait.")]
    private partial void LogProgress(long done, long failed, long returned, long waiting);

    [LoggerMessage(3011, LogLevel.Warning, "{Count} claims of workers that are gone were given free.")]
    private partial void LogTakenUp(int count);

    [LoggerMessage(3012, LogLevel.Information, "The scheduled check of the key {Fingerprint}: {Verdict}.")]
    private partial void LogKeyChecked(string fingerprint, KeyVerdict verdict);

    [LoggerMessage(3013, LogLevel.Error, "The worker's heartbeat failed; it is tried again.")]
    private partial void LogFault(Exception exception);
}
