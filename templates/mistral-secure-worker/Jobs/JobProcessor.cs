using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>Works the queue off: claims as many jobs as there are free hands, and ends each claim as its attempt went.</summary>
internal sealed partial class JobProcessor(
    IJobQueue queue, JobAnswerer answerer, JobPace pace, JobMetrics metrics, JobHealth health,
    IOptions<JobOptions> options, TimeProvider time, ILogger<JobProcessor> logger)
    : BackgroundService
{
    private static readonly TimeSpan s_faultDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_returnLimit = TimeSpan.FromSeconds(5);

    private readonly ToldFaults _faults = new();

    // Not disposed of: it holds nothing, and whoever waits for it may still do so when the host is gone.
    private readonly SemaphoreSlim _hands = new(options.Value.Concurrency);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await UntilItSucceedsAsync(() => queue.OpenAsync(stoppingToken), stoppingToken);
            LogWatching(queue.Place);
            while (true)
            {
                await pace.WaitForPauseAsync(stoppingToken);
                await _hands.WaitAsync(stoppingToken);
                if (!await ClaimAsync(stoppingToken))
                    await Task.Delay(options.Value.PollInterval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The jobs under way see the same token and go back to the queue; the host bounds how long that may take.
            for (var hand = 0; hand < options.Value.Concurrency; hand++)
                await _hands.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Claims for all free hands, one of which the caller holds.</summary>
    private async Task<bool> ClaimAsync(CancellationToken stoppingToken)
    {
        var hands = 1;
        while (_hands.Wait(0, CancellationToken.None))
            hands++;

        IReadOnlyList<ClaimedJob> claimed = [];
        try
        {
            claimed = await queue.ClaimAsync(hands, stoppingToken);
            health.QueueAnswered();
            if (_faults.End())
                LogQueueBack();
            health.IsQueueLost = false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            if (_faults.IsNews(queue.Describe(exception)))
                LogQueueFault(exception);
            health.IsQueueLost = true;
        }
        finally
        {
            if (hands > claimed.Count)
                _hands.Release(hands - claimed.Count);
        }

        foreach (var job in claimed)
            _ = Task.Run(() => WorkAsync(job, stoppingToken), CancellationToken.None);
        return claimed.Count > 0;
    }

    private async Task WorkAsync(ClaimedJob job, CancellationToken stoppingToken)
    {
        var began = time.GetTimestamp();
        metrics.Begun();
        try
        {
            var (end, ended) = await AttemptAsync(job, began, stoppingToken);
            await UntilItSucceedsAsync(end, stoppingToken);
            ended();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LeaveAsync(job, time.GetElapsedTime(began));
        }
        finally
        {
            _hands.Release();
        }
    }

    /// <returns>How the claim is to end, and what is counted then.</returns>
    private async Task<(Func<Task> End, Action Ended)> AttemptAsync(ClaimedJob job, long began, CancellationToken stoppingToken)
    {
        try
        {
            var result = await answerer.AnswerAsync(job, stoppingToken);
            var duration = time.GetElapsedTime(began);
            pace.Succeeded();
            health.Obstacle = null;
            return (() => queue.CompleteAsync(job, result, CancellationToken.None), Done);

            void Done()
            {
                metrics.Done(duration);
                LogDone(job.Id);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            var duration = time.GetElapsedTime(began);
            return (() => queue.ReturnAsync(job, TimeSpan.Zero, isCounted: false, CancellationToken.None), () => metrics.Returned(duration));
        }
        catch (Exception exception)
        {
            return Judge(job, exception, time.GetElapsedTime(began));
        }
    }

    // A queue that took no result may still take the job, whose attempt must not count. What cannot be given back, the next worker takes up.
    private async Task LeaveAsync(ClaimedJob job, TimeSpan duration)
    {
        try
        {
            await Task.Run(() => queue.ReturnAsync(job, TimeSpan.Zero, isCounted: false, CancellationToken.None)).WaitAsync(s_returnLimit, time);
            metrics.Returned(duration);
        }
        catch (Exception)
        {
            LogLeft(job.Id);
        }
    }

    private (Func<Task> End, Action Ended) Judge(ClaimedJob job, Exception exception, TimeSpan duration)
    {
        var (course, failure, retryAfter) = JobVerdict.Of(job, exception);
        if (failure.Code == "internal")
            LogUnexpected(job.Id, exception);

        if (course == JobCourse.Fail || (course == JobCourse.Retry && job.Attempt >= options.Value.MaxAttempts))
        {
            LogFailed(job.Id, failure.Code, job.Attempt);
            return (() => queue.FailAsync(job, failure, CancellationToken.None), () => metrics.Failed(duration));
        }

        if (course == JobCourse.Pause)
        {
            // What passes by itself is no reason to look after the worker.
            health.Obstacle = failure.Code is "mistral.rate_limited" or "mistral.unavailable" ? null : failure.Reason;
            var pause = pace.Hold(retryAfter);
            LogPaused(job.Id, failure.Code, pause);
            return (() => queue.ReturnAsync(job, TimeSpan.Zero, isCounted: false, CancellationToken.None), () => metrics.Returned(duration));
        }

        var delay = pace.DelayAfter(job.Attempt);
        LogRetry(job.Id, failure.Code, job.Attempt, delay);
        return (() => queue.ReturnAsync(job, delay, isCounted: true, CancellationToken.None), () => metrics.Returned(duration));
    }

    // A full disk or a queue that is away keeps the hand busy, and so keeps further jobs from being claimed.
    private async Task UntilItSucceedsAsync(Func<Task> step, CancellationToken stoppingToken)
    {
        var (faults, isStuck) = (new ToldFaults(), false);
        while (true)
        {
            try
            {
                await step();
                break;
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                if (!isStuck)
                    health.HandStuck();
                isStuck = true;
                if (faults.IsNews(queue.Describe(fault)))
                    LogQueueFault(fault);
                await Task.Delay(s_faultDelay, time, stoppingToken);
            }
        }

        if (isStuck && health.HandFreed())
            LogQueueBack();
    }

    [LoggerMessage(3001, LogLevel.Information, "Jobs are taken from {Place}.")]
    private partial void LogWatching(string place);

    [LoggerMessage(3002, LogLevel.Debug, "Job {Id} is done.")]
    private partial void LogDone(string id);

    [LoggerMessage(3003, LogLevel.Warning, "Job {Id} failed: {Code}, attempt {Attempt}.")]
    private partial void LogFailed(string id, string code, int attempt);

    [LoggerMessage(3004, LogLevel.Error, "The queue cannot be read or written; trying again.")]
    private partial void LogQueueFault(Exception exception);

    [LoggerMessage(3009, LogLevel.Information, "The queue answers again.")]
    private partial void LogQueueBack();

    [LoggerMessage(3005, LogLevel.Warning, "Job {Id} is tried again in {Delay}: {Code}, attempt {Attempt}.")]
    private partial void LogRetry(string id, string code, int attempt, TimeSpan delay);

    [LoggerMessage(3006, LogLevel.Warning, "The worker waits for {Pause} after job {Id}: {Code}.")]
    private partial void LogPaused(string id, string code, TimeSpan pause);

    [LoggerMessage(3007, LogLevel.Error, "Job {Id} met an error that nobody foresaw.")]
    private partial void LogUnexpected(string id, Exception exception);

    [LoggerMessage(3008, LogLevel.Warning, "Job {Id} could not be given back before the end; its claim is taken up at the next start.")]
    private partial void LogLeft(string id);
}
