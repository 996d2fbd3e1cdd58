using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>How a worker is, as its health file says it.</summary>
/// <param name="Problem">A sentence, or nothing when all is well.</param>
internal sealed record JobHealthReport(DateTimeOffset At, string? Problem, JobCounts? Jobs);

/// <summary>Knows what keeps the worker from working. The file is read by <c>jobs health</c>; a file that is old means a worker that is gone.</summary>
internal sealed class JobHealth(KeyRing keys, AuditLog audit, IOptions<JobOptions> options, IHostEnvironment environment, TimeProvider time)
{
    private const int MissedBeats = 4;

    private string? _obstacle;
    private long _obstacleMet;
    private int _stuckHands;
    private long _queueAnswered = time.GetTimestamp();

    private string FilePath => Path.GetFullPath(options.Value.HealthFile, environment.ContentRootPath);

    private string Draft => FilePath + ".tmp";

    private TimeSpan Limit => options.Value.Heartbeat * MissedBeats + options.Value.PollInterval;

    /// <summary>What keeps every job from being answered, a sentence; nothing when one was answered since.</summary>
    public string? Obstacle
    {
        get => _obstacle;
        set => (_obstacle, _obstacleMet) = (value, time.GetTimestamp());
    }

    /// <summary>Whether no job met the obstacle for longer than jobs wait: it may be gone.</summary>
    public bool IsObstacleOld => _obstacle is not null && time.GetElapsedTime(_obstacleMet) > options.Value.MaxRetryDelay;

    /// <summary>Whether no jobs could be claimed at the last try.</summary>
    public bool IsQueueLost { get; set; }

    /// <summary>Whether the last heartbeat could not ask the queue.</summary>
    public bool HasBeatFailed { get; set; }

    /// <summary>A hand waits until the queue takes what came of its job.</summary>
    public void HandStuck() => Interlocked.Increment(ref _stuckHands);

    /// <returns>Whether no other hand waits.</returns>
    public bool HandFreed() => Interlocked.Decrement(ref _stuckHands) == 0;

    public void QueueAnswered() => Volatile.Write(ref _queueAnswered, time.GetTimestamp());

    /// <summary>Finds out before the first job whether the file can be written.</summary>
    /// <exception cref="ConfigurationException">It cannot.</exception>
    public void Begin()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
            File.WriteAllBytes(Draft, []);
            if (Directory.Exists(FilePath))
                throw new IOException("It is a folder.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([new(
                "Jobs:HealthFile", FilePath, $"The health file cannot be written. {exception.Message}",
                "Let the worker's user write there, or set \"Jobs:HealthFile\" to another place.")]);
        }
    }

    public void Write(JobCounts? counts)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        using (var stream = File.Create(Draft))
            JsonSerializer.Serialize(stream, new JobHealthReport(time.GetUtcNow(), Problem(), counts), JobJson.Readable.JobHealthReport);
        File.Move(Draft, FilePath, overwrite: true);
    }

    /// <summary>A worker that ended in good order is not well any more.</summary>
    public void Remove()
    {
        if (File.Exists(FilePath))
            File.Delete(FilePath);
    }

    /// <summary>What the worker's file says, seen from another process.</summary>
    public string? ReadProblem()
    {
        try
        {
            using var stream = BoundedFile.OpenBeside(FilePath);
            var report = JsonSerializer.Deserialize(stream, JobJson.Default.JobHealthReport);
            // A clock that was set back must not make a file young for ever.
            return report is null || (time.GetUtcNow() - report.At).Duration() > Limit
                ? "The worker has not written its health file for a while."
                : report.Problem;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return "There is no health file that can be read. Does the worker run, and is 'Jobs:HealthFile' the same for both?";
        }
    }

    private string? Problem() =>
        audit.CheckStatus().Problem
        ?? (IsQueueLost || HasBeatFailed || Volatile.Read(ref _stuckHands) > 0 ? "The queue cannot be read or written. The worker's log says why." : null)
        ?? Obstacle
        ?? (keys.CurrentOrDefault is not null && !keys.Health.Ready ? "The key may not be used." : null)
        ?? (time.GetElapsedTime(Volatile.Read(ref _queueAnswered)) > Limit + options.Value.MaxRetryDelay ? "The queue has not answered for a while." : null);
}
