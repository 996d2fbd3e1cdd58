namespace Acme.App.Jobs;

/// <summary>
/// Where jobs wait, and where they end. A claim belongs to one worker for as long as that worker lives; each of the ways in which a
/// claim ends is one step that happens as a whole or not at all, so that a worker may be killed at any moment.
/// </summary>
internal interface IJobQueue
{
    /// <summary>Where the jobs are, for the log.</summary>
    string Place { get; }

    /// <summary>Makes what the queue needs, and this worker known to the others.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Shows the others that this worker lives, and gives free what dead ones had claimed. Called every few seconds.</summary>
    /// <returns>How many claims were given free.</returns>
    Task<int> TakeUpAsync(CancellationToken cancellationToken);

    /// <summary>Claims jobs that nobody else has; none when there are none. One caller at a time.</summary>
    Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int most, CancellationToken cancellationToken);

    Task CompleteAsync(ClaimedJob job, JobResult result, CancellationToken cancellationToken);

    Task FailAsync(ClaimedJob job, JobFailure failure, CancellationToken cancellationToken);

    /// <summary>Gives a job back, to be claimed again after a while. An attempt that is not the job's fault is not counted.</summary>
    Task ReturnAsync(ClaimedJob job, TimeSpan delay, bool isCounted, CancellationToken cancellationToken);

    Task<JobCounts> CountAsync(CancellationToken cancellationToken);

    /// <summary>The newest of the jobs that failed, and why.</summary>
    Task<IReadOnlyList<JobFailure>> ListFailedAsync(int most, CancellationToken cancellationToken);

    /// <summary>Puts a failed job back, as if it were new.</summary>
    /// <returns>Whether there was such a job.</returns>
    Task<bool> RetryAsync(string id, CancellationToken cancellationToken);

    /// <summary>Puts back what has failed until now, the oldest first. What fails again meanwhile stays among the failed.</summary>
    /// <returns>How many jobs.</returns>
    Task<int> RetryAllAsync(CancellationToken cancellationToken);

    /// <returns>What went wrong with the queue, in a sentence that names no secret.</returns>
    string Describe(Exception exception) =>
        exception is IOException or UnauthorizedAccessException ? exception.Message : $"It ended with {exception.GetType().Name}.";
}

/// <summary>How many jobs are where.</summary>
/// <param name="Waiting">Jobs that nobody has begun.</param>
/// <param name="Delayed">Jobs that are to be tried again later.</param>
internal sealed record JobCounts(long Waiting, long Delayed, long Working, long Done, long Failed);

/// <summary>A job that this worker has. A class and not a record, so that no log prints the body.</summary>
internal sealed class ClaimedJob
{
    /// <summary>The name the job bears in the queue.</summary>
    public required string Id { get; init; }

    /// <summary>The queue's own handle of the claim.</summary>
    public required string Handle { get; init; }

    /// <summary>Which attempt this is, from 1. An attempt whose worker was killed counts.</summary>
    public required int Attempt { get; init; }

    /// <summary>The job in JSON, cut just above <see cref="JobOptions.MaxJobBytes"/>; null when it could not be read.</summary>
    public required ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Whether another job of this name is done already.</summary>
    public required bool IsDuplicate { get; init; }
}
