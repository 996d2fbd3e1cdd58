using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>
/// A queue made of folders. A job is claimed by renaming its file into the worker's own folder below <c>working</c>, which only one
/// worker can do. What comes of it is written there whole, and its renaming to <c>.done</c> or <c>.reason</c> is the moment that counts:
/// whoever takes up the claims of a killed worker finishes what has such a file beside it, and gives free the rest.
/// </summary>
/// <remarks>Names in <c>working</c> are <c>attempt~name</c>, in <c>waiting</c> <c>attempts~due~name</c>, due in milliseconds since 1970.</remarks>
internal sealed partial class FolderQueue : IJobQueue, IDisposable
{
    private const string Pattern = "*.json";
    private const int CandidatesAtOnce = 4096;
    private const int LongestName = 180;
    private const int MostRefused = 100;
    private const int MostTold = 1000;
    private const char Unreadable = '\uFFFD';

    // A file that was written a moment ago may not be whole: whoever writes into the inbox cannot be made to rename.
    private static readonly TimeSpan s_settleTime = TimeSpan.FromMilliseconds(100);

    // Another machine's clock may go ahead by less; a file from further on was not written just now.
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(5);

    private readonly Queue<(string Path, string Name, int Attempts)> _candidates = new();
    private readonly FolderQueueOptions _options;
    private readonly JobOptions _jobs;
    private readonly TimeProvider _time;
    private readonly string _inbox;
    private readonly string _waiting;
    private readonly string _done;
    private readonly FailedFolder _failures;
    private readonly WorkerClaims _claims;
    private readonly HashSet<string> _told = [];
    private readonly ILogger _logger;

    public FolderQueue(
        IOptions<FolderQueueOptions> options, IOptions<JobOptions> jobs, IHostEnvironment environment, TimeProvider time, ILogger<FolderQueue> logger)
    {
        (_options, _jobs, _time, _logger) = (options.Value, jobs.Value, time, logger);
        Place = Path.GetFullPath(_options.Path, environment.ContentRootPath);
        _inbox = Path.Combine(Place, "inbox");
        _waiting = Path.Combine(Place, "waiting");
        _done = Path.Combine(Place, "done");
        _failures = new FailedFolder(Path.Combine(Place, "failed"));
        _claims = new WorkerClaims(Path.Combine(Place, "working"));
    }

    public string Place { get; }

    private bool IsDurable => _options.Durability == Durability.Disk;

    /// <summary>A folder that somebody looks into from outside must be there: a wrong one has no jobs either.</summary>
    private FailedFolder Failures => Directory.Exists(Place) ? _failures
        : throw new DirectoryNotFoundException(
            $"There is no folder '{Place}' that this account can see. The worker makes it; 'Jobs:Folder:Path' has to be the same for both.");

    public Task OpenAsync(CancellationToken cancellationToken)
    {
        MakeFolders();
        _claims.Open();
        try
        {
            _claims.TakeUp(Recover);
        }
        catch (IOException)
        {
            // The heartbeat tries it again and tells of it; new jobs need not wait for that.
        }

        return Task.CompletedTask;
    }

    public Task<int> TakeUpAsync(CancellationToken cancellationToken)
    {
        // Somebody may have moved one away, to archive what it held. Without the inbox it is the disk that may be away.
        if (Directory.Exists(_inbox))
            MakeFolders();
        return Task.FromResult(_claims.TakeUp(Recover));
    }

    /// <remarks>Once files are moved, nothing stops halfway: what is claimed here and not given to the caller, nobody would work on.</remarks>
    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int most, CancellationToken cancellationToken)
    {
        if (_candidates.Count == 0)
            FindCandidates();

        var claimed = new List<ClaimedJob>(most);
        var refused = new List<Exception>();
        while (claimed.Count < most && _candidates.TryDequeue(out var candidate))
        {
            var claim = Path.Combine(_claims.Folder, $"{candidate.Attempts + 1}~{candidate.Name}");
            try
            {
                // Beside an answer that could not be published yet, its namesake would be taken for that answer's own claim.
                if (ClaimFiles.IsCommitted(claim) || !FileMoves.TryRename(candidate.Path, claim))
                    continue;
                claimed.Add(new ClaimedJob
                {
                    Id = Path.GetFileNameWithoutExtension(candidate.Name),
                    Handle = claim,
                    Attempt = candidate.Attempts + 1,
                    Body = Read(claim),
                    IsDuplicate = File.Exists(Path.Combine(_done, candidate.Name)),
                });
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                TryPostpone(claim, candidate.Attempts);
                refused.Add(new IOException($"The job '{candidate.Path}' cannot be taken. {exception.Message}", exception));
                if (refused.Count == MostRefused)
                    break;
            }
        }

        // Where others could be taken, it is the file that is at fault and not the queue.
        if (claimed.Count == 0 && refused.Count > 0)
            throw refused[0];
        foreach (var fault in refused)
            Tell(fault.Message);
        return Task.FromResult<IReadOnlyList<ClaimedJob>>(claimed);
    }

    public Task CompleteAsync(ClaimedJob job, JobResult result, CancellationToken cancellationToken)
    {
        ClaimFiles.Commit(job.Handle, ClaimFiles.AnswerSuffix, result, JobJson.Readable.JobResult, IsDurable);
        PublishAnswer(job.Handle);
        return Task.CompletedTask;
    }

    public Task FailAsync(ClaimedJob job, JobFailure failure, CancellationToken cancellationToken)
    {
        ClaimFiles.Commit(job.Handle, ClaimFiles.ReasonSuffix, failure, JobJson.Readable.JobFailure, IsDurable);
        _failures.Publish(job.Handle);
        return Task.CompletedTask;
    }

    public Task ReturnAsync(ClaimedJob job, TimeSpan delay, bool isCounted, CancellationToken cancellationToken)
    {
        if (ClaimFiles.IsCommitted(job.Handle))
            throw new IOException("What came of the job counts already, and is published by whoever takes up its claim.");
        Postpone(job.Handle, isCounted ? job.Attempt : job.Attempt - 1, delay);
        return Task.CompletedTask;
    }

    public Task<JobCounts> CountAsync(CancellationToken cancellationToken) => Task.FromResult(new JobCounts(
        Count(_inbox, Pattern),
        Count(_waiting, Pattern),
        Directory.Exists(_claims.Root) ? Directory.EnumerateDirectories(_claims.Root).Sum(ClaimFiles.Count) : 0,
        Count(_done, Pattern),
        _failures.Count()));

    public Task<IReadOnlyList<JobFailure>> ListFailedAsync(int most, CancellationToken cancellationToken) => Task.FromResult(Failures.List(most));

    public Task<bool> RetryAsync(string id, CancellationToken cancellationToken) => Task.FromResult(Retry(id, TimeSpan.Zero));

    public Task<int> RetryAllAsync(CancellationToken cancellationToken)
    {
        var back = 0;
        foreach (var id in Failures.Names())
        {
            cancellationToken.ThrowIfCancellationRequested();
            // One after the other, where a millisecond would make them all due at once.
            back += Retry(id, TimeSpan.FromMilliseconds(back)) ? 1 : 0;
        }

        return Task.FromResult(back);
    }

    public void Dispose() => _claims.Dispose();

    private bool Retry(string id, TimeSpan delay)
    {
        if (Failures.Find(id) is not { } failed)
            return false;
        Directory.CreateDirectory(_waiting);
        Postpone(failed.Job, attempts: 0, delay);
        File.Delete(failed.Reason);
        return true;
    }

    private void MakeFolders()
    {
        foreach (var folder in (string[])[_inbox, _waiting, _done, _failures.Place])
            Directory.CreateDirectory(folder);
        _claims.MakeFolder();
    }

    /// <summary>Tells of each file once.</summary>
    private void Tell(string fault)
    {
        if (_told.Count < MostTold && _told.Add(fault))
            LogLeftAside(fault);
    }

    private void FindCandidates()
    {
        var now = _time.GetUtcNow();
        // No wait is that long: the clock was set back after the job was put there.
        var longest = _jobs.MaxRetryDelay > _jobs.RetryDelay ? _jobs.MaxRetryDelay : _jobs.RetryDelay;
        var (due, tooLate) = (now.ToUnixTimeMilliseconds(), (now + longest + s_clockSkew).ToUnixTimeMilliseconds());
        var waiting = Directory.EnumerateFiles(_waiting, Pattern).Select(path => (Path: path, Parts: Path.GetFileName(path).Split('~', 3)))
            .Where(file => file.Parts.Length == 3 && (Number(file.Parts[1]) <= due || Number(file.Parts[1]) > tooLate))
            .Take(CandidatesAtOnce).OrderBy(file => Number(file.Parts[1]));
        foreach (var (path, parts) in waiting)
            _candidates.Enqueue((path, parts[2], (int)Math.Min(Number(parts[0]), int.MaxValue - 1)));

        var (settled, future) = (now.UtcDateTime - s_settleTime, now.UtcDateTime + s_clockSkew);
        foreach (var file in new DirectoryInfo(_inbox).EnumerateFiles(Pattern).Where(CanBeOpened)
            .Where(file => file.LastWriteTimeUtc <= settled || file.LastWriteTimeUtc > future)
            .Take(CandidatesAtOnce).OrderBy(file => file.LastWriteTimeUtc))
            _candidates.Enqueue((file.FullName, Shorten(file.Name), 0));
    }

    private bool CanBeOpened(FileInfo file)
    {
        if (!file.Name.Contains(Unreadable) || File.Exists(file.FullName))
            return true;
        Tell($"The name of '{file.FullName}' is not UTF-8, so that it cannot be opened. Rename it.");
        return false;
    }

    private ReadOnlyMemory<byte>? Read(string claim)
    {
        // A link leads to what its maker may not read. A pipe has no length, and to open it waits for whoever writes to it.
        var file = new FileInfo(claim);
        if (file.LinkTarget is not null)
            return null;
        if (file.Length == 0)
            return ReadOnlyMemory<byte>.Empty;
        try
        {
            using var stream = new FileStream(claim, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var body = new byte[Math.Min(stream.Length, _jobs.MaxJobBytes + 1L)];
            return body.AsMemory(0, stream.ReadAtLeast(body, body.Length, throwOnEndOfStream: false));
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What a worker that is gone left in its folder: results that count are published, drafts do not count, and the rest is free.</summary>
    private int Recover(string folder)
    {
        foreach (var answer in Directory.GetFiles(folder, "*" + ClaimFiles.AnswerSuffix))
            PublishAnswer(answer[..^ClaimFiles.AnswerSuffix.Length]);
        foreach (var reason in Directory.GetFiles(folder, "*" + ClaimFiles.ReasonSuffix))
            _failures.Publish(reason[..^ClaimFiles.ReasonSuffix.Length]);
        foreach (var draft in Directory.GetFiles(folder, "*" + ClaimFiles.DraftSuffix))
            File.Delete(draft);
        var claims = Directory.GetFiles(folder, Pattern);
        foreach (var claim in claims)
            Postpone(claim, (int)Math.Min(Number(Path.GetFileName(claim).Split('~', 2)[0]), int.MaxValue - 1), TimeSpan.Zero);
        return claims.Length;
    }

    private void PublishAnswer(string claim)
    {
        FileMoves.Delete(claim);
        FileMoves.ToFree(claim + ClaimFiles.AnswerSuffix, namesake => FileMoves.Ended(_done, claim, namesake, ".json"));
    }

    private void TryPostpone(string claim, int attempts)
    {
        try
        {
            if (File.Exists(claim))
                Postpone(claim, attempts, _jobs.RetryDelay);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays where it is, for whoever takes up this worker's claims; what was claimed before it is worked on.
        }
    }

    private void Postpone(string claim, int attempts, TimeSpan delay)
    {
        var name = Path.GetFileName(claim);
        name = claim.StartsWith(_claims.Root, StringComparison.Ordinal) ? name[(name.IndexOf('~', StringComparison.Ordinal) + 1)..] : name;
        var due = (_time.GetUtcNow() + delay).ToUnixTimeMilliseconds();
        FileMoves.ToFree(claim, namesake => Path.Combine(_waiting, $"{attempts}~{due + namesake}~{name}"));
    }

    private static string Shorten(string name) => Encoding.UTF8.GetByteCount(name) <= LongestName ? name
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))) + ".json";

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [LoggerMessage(3020, LogLevel.Warning, "{Fault} The other jobs are worked on.")]
    private partial void LogLeftAside(string fault);

    private static int Count(string folder, string pattern) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern).Count() : 0;
}
