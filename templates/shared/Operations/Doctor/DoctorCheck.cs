namespace Acme.App.Operations.Doctor;

/// <summary>How a check came out. What could not be checked is neither right nor wrong, and is shown as such.</summary>
internal enum CheckMark
{
    Passed,
    Failed,
    NotChecked,
}

/// <summary>Where something was found: a path within the repository, what git knows of it, and the value's fingerprint.</summary>
/// <param name="IsFile">Whether it is a file and not, say, a commit's message.</param>
internal sealed record Place(string Path, int Line = 1, string? Commit = null, string? Author = null, string? Fingerprint = null, bool IsFile = true)
{
    public override string ToString() => string.Concat(
        $"{Path}:{Line}",
        Commit is null ? "" : $", commit {Commit[..Math.Min(12, Commit.Length)]} by {Author}",
        Fingerprint is null ? "" : $", fingerprint {Fingerprint}");
}

/// <summary>What a check found.</summary>
/// <param name="Found">What was found, full sentences; never a secret value.</param>
/// <param name="Remedy">How to mend it; empty when there is nothing to mend.</param>
/// <param name="Places">Where it was found, as far as it has places.</param>
internal sealed record Verdict(CheckMark Mark, string Found, string Remedy, IReadOnlyList<Place> Places)
{
    public static Verdict Passed(string found) => new(CheckMark.Passed, found, "", []);

    public static Verdict Failed(string found, string remedy, params IReadOnlyList<Place> places) => new(CheckMark.Failed, found, remedy, places);

    public static Verdict NotChecked(string why, string remedy = "") => new(CheckMark.NotChecked, $"not checked: {why}", remedy, []);
}

/// <summary>
/// One check of this very program as it is configured. A room registers its checks in the container; a check resolves what it needs when
/// it runs, so that one that cannot does not keep the others from running.
/// </summary>
/// <param name="Line">The line of the checklist in SECURITY.md: 1 to 10, and on from 11 for the further checks.</param>
/// <param name="Id">The name that reports and tools use, for example <c>key-place</c>.</param>
/// <param name="Title">What is checked, in a few words.</param>
internal sealed record DoctorCheck(int Line, string Id, string Title, Func<IServiceProvider, CancellationToken, Task<Verdict>> RunAsync)
{
    public DoctorCheck(int line, string id, string title, Func<IServiceProvider, Verdict> run)
        : this(line, id, title, (services, _) => Task.FromResult(run(services)))
    {
    }

    public DoctorCheck(int line, string id, string title, Func<IServiceProvider, CancellationToken, Verdict> run)
        : this(line, id, title, (services, token) => Task.FromResult(run(services, token)))
    {
    }
}

/// <summary>A check with its verdict.</summary>
internal sealed record CheckResult(DoctorCheck Check, Verdict Verdict);

/// <summary>The doctor was asked for something that cannot be done: exit code 2.</summary>
internal sealed class DoctorInputException(string message) : Exception(message);
