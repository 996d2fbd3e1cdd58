namespace Acme.App.Jobs;

/// <summary>The folder of the jobs that failed, each with its reason beside it: <c>name.json</c> and <c>name.reason.json</c>.</summary>
internal sealed class FailedFolder(string path)
{
    private const string ReasonExtension = ClaimFiles.ReasonSuffix + ".json";

    public string Place => path;

    public int Count() => Reasons().Count();

    public IReadOnlyList<JobFailure> List(int most) =>
        [.. Reasons().OrderByDescending(file => file.LastWriteTimeUtc).Select(Read).OfType<JobFailure>().Take(most)];

    /// <summary>The names of all, the oldest first.</summary>
    public IReadOnlyList<string> Names() => [.. Reasons().OrderBy(file => file.LastWriteTimeUtc).Select(IdOf)];

    /// <summary>The files of a failed job, if there is one of that name.</summary>
    public (string Job, string Reason)? Find(string id)
    {
        // Whoever may not look would find nothing there.
        if (Directory.Exists(path))
            _ = Directory.EnumerateFileSystemEntries(path).Any();
        // The id is a file's name and must not lead anywhere else. A reason has no reason of its own.
        var (job, reason) = (Path.Combine(path, id + ".json"), Path.Combine(path, id + ReasonExtension));
        return Path.GetFileName(id) == id && File.Exists(job) && File.Exists(reason) ? (job, reason) : null;
    }

    /// <summary>Moves a claim and its reason here, under the first name that is free for both.</summary>
    public void Publish(string claim)
    {
        // A job must not look like another's reason.
        var first = Path.GetFileNameWithoutExtension(claim).EndsWith(ClaimFiles.ReasonSuffix, StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        string Job(int namesake) => FileMoves.Ended(path, claim, first + namesake, ".json");
        string Reason(int namesake) => FileMoves.Ended(path, claim, first + namesake, ReasonExtension);

        // A name is free where neither stands. A job that had moved before a kill waits there for its reason.
        var namesake = File.Exists(claim)
            ? FileMoves.ToFree(claim, namesake => Path.Exists(Reason(namesake)) ? Reason(namesake) : Job(namesake))
            : Enumerable.Range(0, FileMoves.MostNamesakes).FirstOrDefault(namesake => File.Exists(Job(namesake)) && !File.Exists(Reason(namesake)));
        FileMoves.ToFree(claim + ClaimFiles.ReasonSuffix, later => Reason(namesake + later));
    }

    /// <summary>The reasons whose jobs stand beside them: a job that somebody has put back by hand has failed no more.</summary>
    private IEnumerable<FileInfo> Reasons() => !Directory.Exists(path) ? [] : new DirectoryInfo(path).EnumerateFiles("*" + ReasonExtension)
        .Where(file => File.Exists(Path.Combine(path, IdOf(file) + ".json")));

    private static string IdOf(FileInfo reason) => reason.Name[..^ReasonExtension.Length];

    // What is put back meanwhile has failed no more.
    private static JobFailure? Read(FileInfo file)
    {
        try
        {
            return JobFailure.Read(File.ReadAllBytes(file.FullName), IdOf(file));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
