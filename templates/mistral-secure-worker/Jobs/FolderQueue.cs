using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>
/// A queue made of folders. A job is claimed by renaming its file, which only one worker can do, and every file is
/// written under another name first, so that nobody ever reads half of one.
/// </summary>
internal sealed class FolderQueue
{
    private const string Pattern = "*.json";
    private const string FailureSuffix = ".reason.json";

    // A file that was written a moment ago may not be whole: whoever writes into the inbox cannot be made to rename.
    private static readonly TimeSpan s_settleTime = TimeSpan.FromMilliseconds(100);

    private readonly string _working;
    private readonly string _done;
    private readonly string _failed;
    private readonly TimeProvider _time;

    public FolderQueue(IOptions<JobOptions> options, IHostEnvironment environment, TimeProvider time)
    {
        var root = Path.Combine(environment.ContentRootPath, options.Value.Path);
        Inbox = Path.Combine(root, "inbox");
        _working = Path.Combine(root, "working");
        _done = Path.Combine(root, "done");
        _failed = Path.Combine(root, "failed");
        _time = time;
    }

    /// <summary>Where jobs are put.</summary>
    public string Inbox { get; }

    /// <summary>Makes the folders, and takes up what a killed process left behind.</summary>
    /// <returns>How many jobs went back to the inbox.</returns>
    public int Prepare()
    {
        foreach (var folder in (string[])[Inbox, _working, _done, _failed])
            Directory.CreateDirectory(folder);

        var returned = 0;
        foreach (var claim in Directory.EnumerateFiles(_working, Pattern).ToArray())
        {
            var name = Path.GetFileName(claim);
            // Killed between the result and the end of the claim: the answer stands, so the job is not done twice.
            if (File.Exists(Path.Combine(_done, name)))
                File.Delete(claim);
            else if (TryMove(claim, Path.Combine(Inbox, name)))
                returned++;
        }

        return returned;
    }

    /// <summary>Claims the next job that nobody else has.</summary>
    /// <returns>The claimed file's name, or null when there is none.</returns>
    public string? TryClaim()
    {
        var settled = _time.GetUtcNow().UtcDateTime - s_settleTime;
        foreach (var file in new DirectoryInfo(Inbox).EnumerateFiles(Pattern))
        {
            if (file.LastWriteTimeUtc <= settled && TryMove(file.FullName, Path.Combine(_working, file.Name)))
                return file.Name;
        }

        return null;
    }

    public FileStream OpenClaimed(string name) => File.OpenRead(Path.Combine(_working, name));

    /// <summary>Whether a result of this name stands already.</summary>
    public bool IsDone(string name) => File.Exists(Path.Combine(_done, name));

    public void Complete(string name, JobResult result)
    {
        WriteWhole(Path.Combine(_done, name), result, JobJsonContext.Default.JobResult);
        File.Delete(Path.Combine(_working, name));
    }

    /// <summary>Puts the job into <c>failed</c> as it came, with the reason beside it.</summary>
    public void Fail(string name, JobFailure failure)
    {
        WriteWhole(Path.Combine(_failed, Path.GetFileNameWithoutExtension(name) + FailureSuffix), failure, JobJsonContext.Default.JobFailure);
        File.Move(Path.Combine(_working, name), Path.Combine(_failed, name), overwrite: true);
    }

    /// <summary>Gives a claimed job back, for this worker or another to take it again.</summary>
    public void Return(string name) => TryMove(Path.Combine(_working, name), Path.Combine(Inbox, name));

    private static void WriteWhole<T>(string path, T value, JsonTypeInfo<T> type)
    {
        var draft = path + ".tmp";
        using (var stream = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(stream, value, type);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }

    private static bool TryMove(string from, string to)
    {
        try
        {
            File.Move(from, to);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
