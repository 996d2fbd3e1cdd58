namespace Acme.App.Jobs;

/// <summary>
/// The folder of this worker's claims, and those of others. A worker holds a lock file open for as long as it lives; the operating
/// system lets go of it however the process ends. So whoever can open another's lock knows that the other is gone, without a clock.
/// </summary>
internal sealed class WorkerClaims(string root) : IDisposable
{
    private const string LockSuffix = ".lock";

    private FileStream? _lock;

    public string Root { get; } = root;

    /// <summary>Where this worker's claims lie; empty until it is open.</summary>
    public string Folder { get; private set; } = "";

    public void Open()
    {
        if (_lock is null)
        {
            Directory.CreateDirectory(Root);
            Folder = Path.Combine(Root, $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}");
            _lock = TakeLock();
        }

        MakeFolder();
    }

    /// <summary>Makes the worker's folder and its lock anew where somebody took them away: a folder without a lock nobody would take up.</summary>
    public void MakeFolder()
    {
        if (_lock is null)
            return;
        if (!File.Exists(_lock.Name))
        {
            Directory.CreateDirectory(Root);
            var taken = TakeLock();
            _lock.Dispose();
            _lock = taken;
        }

        // The lock comes first and goes last.
        Directory.CreateDirectory(Folder);
    }

    /// <summary>Has the folders of workers that are gone emptied.</summary>
    /// <exception cref="IOException">One could not be emptied; all others were.</exception>
    public int TakeUp(Func<string, int> recover)
    {
        var claims = 0;
        Exception? fault = null;
        foreach (var file in _lock is null ? [] : Directory.GetFiles(Root, "*" + LockSuffix))
        {
            var folder = file[..^LockSuffix.Length];
            try
            {
                if (folder != Folder && TryLock(file) is { } held)
                    claims += Empty(folder, held, recover);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                fault = exception;
            }
        }

        return fault is null ? claims : throw new IOException($"The claims of a worker that is gone cannot be taken up. {fault.Message}", fault);
    }

    public void Dispose()
    {
        // Claims that could not be given back stay, and so does the lock's file, for whoever takes them up.
        if (_lock is not null && IsEmpty(Folder))
            Empty(Folder, _lock, _ => 0);
        _lock?.Dispose();
    }

    private FileStream TakeLock() => new(Folder + LockSuffix, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    private static int Empty(string folder, FileStream held, Func<string, int> recover)
    {
        using (held)
        {
            var claims = Directory.Exists(folder) ? recover(folder) : 0;
            // Whatever else somebody has put there stays, and the lock with it.
            if (Directory.Exists(folder) && !IsEmpty(folder))
                return claims;
            if (Directory.Exists(folder))
                Directory.Delete(folder);
            held.Dispose();
            TryDelete(held.Name);
            return claims;
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (IOException)
        {
            // On Windows, another worker just finds out whether it is held, and deletes it.
        }
    }

    private static bool IsEmpty(string folder) => Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any();

    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It lives, or it ran under another account, whose jobs are not this one's to take up.
            return null;
        }
    }
}
