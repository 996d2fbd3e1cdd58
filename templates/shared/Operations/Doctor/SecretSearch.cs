using System.Globalization;
using System.Text;
using Acme.App.Guards;

namespace Acme.App.Operations.Doctor;

/// <summary>
/// Searches the work tree, the index and every commit of every branch, with the messages and names. <c>git log --raw</c> says which commit brought which
/// blob, once each, and <c>git cat-file --batch</c> streams them, one process for each core, the versions of a file after one another.
/// </summary>
internal sealed class SecretSearch(GitRepository git, AllowFile allowed, SensitiveDataOptions guards, IReadOnlyList<string> keys)
{
    private const int MostPlaces = 200;
    private const int MostReaders = 4;
    private const string Submodule = "160000";

    private const string FalseAlarm = $"Only a false alarm goes into {AllowFile.DefaultName}, as its fingerprint and the reason.";
    private const string HistoryRemedy =
        "1. Revoke each at its provider: what was pushed is known. 2. Put a new one where the program takes its secrets from. "
        + "3. Remove it from the files, and rewrite the history (git filter-repo --replace-text, or --replace-message for a message). "
        + $"4. {FalseAlarm}";
    private const string StagedRemedy =
        $"1. Remove it from the files, and stage them again. 2. Put it where the program takes its secrets from. 3. {FalseAlarm}";

    private static readonly string[] s_history =
    [
        "log", "-z", "--all", "--reverse", "--raw", "-c", "--root", "--no-abbrev", "--no-renames",
        "--no-ext-diff", "--no-show-signature", "--no-color", "--format=%H %an%n%B",
    ];

    private readonly SecretFinder _finder = SecretFinder.For(guards, keys);
    private readonly HashSet<string> _blobs = [];
    private readonly HashSet<string> _paths = [];
    private readonly List<Version> _versions = [];
    private readonly HashSet<(string Path, string Fingerprint)> _known = [];
    private readonly List<Place> _found = [];
    private int _files;
    private int _binary;
    private int _allowed;
    private int _submodules;

    public Verdict SearchAll(CancellationToken cancellationToken)
    {
        AddHistory(cancellationToken);
        foreach (var entry in git.List(["ls-files", "-s", "-z"], cancellationToken))
            if (entry.Split('\t', 2) is [var file, var path] && file.Split(' ') is [var mode, var blob, _])
                AddToIndex(mode, blob, path);
        SearchBlobs(cancellationToken);

        foreach (var path in git.List(["ls-files", "-z", "-m", "-o", "--exclude-standard"], cancellationToken).Distinct())
            SearchFile(path);
        return ToVerdict("in the work tree, the index and the whole history of all branches", isHistory: true);
    }

    /// <summary>Only what the next commit would change.</summary>
    public Verdict SearchStaged(CancellationToken cancellationToken)
    {
        var fields = git.List(
            ["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--diff-filter=ACMT"],
            cancellationToken);
        foreach (var pair in fields.Chunk(2))
        {
            var (mode, blob) = ResultOf(pair[0]);
            AddToIndex(mode, blob, pair[1]);
        }

        SearchBlobs(cancellationToken);
        return ToVerdict("in what the next commit would bring", isHistory: false);
    }

    /// <summary>The oldest commit comes first, so that a blob is named by the one that brought it.</summary>
    private void AddHistory(CancellationToken cancellationToken)
    {
        // Of the stashes, --all takes the newest alone.
        var stashes = git.List(["log", "-z", "--walk-reflogs", "--format=%H", "--ignore-missing", "refs/stash", "--"], cancellationToken);
        using var log = git.Start([.. s_history, .. stashes], [], cancellationToken);
        var (commit, author, change) = ("", "", (string?)null);
        foreach (var text in GitRepository.SplitAtNul(log.Text))
        {
            if (change is not null)
            {
                if (ResultOf(change) is (not ("000000" or Submodule), var blob))
                    Add(new Version(text, blob, commit, author));
                change = null;
            }
            else if (text.TrimStart('\n') is [':', ..] raw)
            {
                change = raw;
            }
            else if (text.Split('\n', 2) is [var head, var message] && head.Split(' ', 2) is [var hash, var name])
            {
                (commit, author) = (hash, name);
                SearchText(message, new Version("(commit message)", Blob: "", commit, author));
            }
        }

        GitRepository.EndWell(log);
        foreach (var tag in git.List(["for-each-ref", "refs/tags", "--format=%(objecttype) %(refname:short)%0a%(contents)%00"], cancellationToken))
            if (tag.TrimStart('\n').Split('\n', 2) is [['t', 'a', 'g', ' ', .. var name], var text])
                SearchText(text, new Version($"(message of the tag {name})", Blob: ""));
    }

    private void SearchText(string text, Version version)
    {
        var found = new Dictionary<string, FoundSecret>();
        _finder.FindInText(text, found);
        Keep(version with { IsFile = false }, found.Values, isBinary: false);
    }

    /// <summary>What a raw line says of the result: after as many modes and hashes as there are parents, and colons.</summary>
    private static (string Mode, string Blob) ResultOf(string change)
    {
        var parents = change.AsSpan().IndexOfAnyExcept(':');
        var fields = change[parents..].Split(' ');
        return (fields[parents], fields[(2 * parents) + 1]);
    }

    private void AddToIndex(string mode, string blob, string path)
    {
        if (mode == Submodule)
            _submodules++;
        else
            Add(new Version(path, blob));
    }

    private void Add(Version version)
    {
        if (_blobs.Add(version.Blob))
            _versions.Add(version);
        if (_paths.Add(version.Path))
            SearchText(version.Path, version with { Path = "(a file's name)" });
    }

    private void SearchBlobs(CancellationToken cancellationToken)
    {
        var readers = Math.Clamp(Environment.ProcessorCount, 1, MostReaders);
        var reading = _versions.GroupBy(version => version.Path).Index().GroupBy(file => file.Index % readers, file => file.Item)
            .Select(part => part.SelectMany(versions => versions).ToList())
            .Select(part => ToolRun.OnThreadAsync(() => Read(part, cancellationToken))).ToArray();
        foreach (var (version, secrets, isBinary) in Task.WhenAll(reading).GetAwaiter().GetResult().SelectMany(part => part))
            Keep(version, secrets, isBinary);
        _files += _blobs.Count;
    }

    /// <summary>Reads blobs one after another, and gives those of which there is something to tell.</summary>
    private List<(Version Version, IReadOnlyCollection<FoundSecret> Secrets, bool IsBinary)> Read(List<Version> versions, CancellationToken cancellationToken)
    {
        using var content = git.Start(
            ["cat-file", "--batch=%(objecttype) %(objectsize)", "--buffer"], versions.Select(version => version.Blob + "\n"), cancellationToken);
        List<(Version, IReadOnlyCollection<FoundSecret>, bool)> notable = [];
        var finder = _finder.ForAnotherThread();
        var stream = new BufferedStream(content.Text.BaseStream, SecretFinder.PieceBytes);
        foreach (var version in versions)
        {
            var header = ReadLine(stream);
            if (header.Length == 0)
                GitRepository.EndWell(content);
            if (header.Split(' ') is not ["blob", var size])
                throw GitRepository.Broken($"an object of {version.Path} is missing");
            var found = new Dictionary<string, FoundSecret>();
            finder.Find(stream, long.Parse(size, CultureInfo.InvariantCulture), found, version.Path);
            stream.ReadByte();
            if (found.Count > 0 || finder.WasBinary)
                notable.Add((version, found.Values, finder.WasBinary));
        }

        GitRepository.EndWell(content);
        return notable;
    }

    private static string ReadLine(Stream stream)
    {
        var line = new StringBuilder();
        for (var next = stream.ReadByte(); next is >= 0 and not '\n'; next = stream.ReadByte())
            line.Append((char)next);
        return line.ToString();
    }

    private void SearchFile(string path)
    {
        var file = new FileInfo(Path.Combine(git.Top, path));
        // .NET reads a name that is not UTF-8 so, and finds no file by it.
        if (!file.Exists && path.Contains('\uFFFD', StringComparison.Ordinal))
            throw new DoctorInputException($"The name of the file '{path}' is not UTF-8. Rename it, or name it in .gitignore.");
        if (!file.Exists || file.LinkTarget is not null)
            return;
        var found = new Dictionary<string, FoundSecret>();
        try
        {
            _finder.FindInFile(file, found);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DoctorInputException($"The file '{path}' cannot be read. Let your user read it, or name it in .gitignore.");
        }

        _files++;
        Keep(new Version(path, Blob: ""), found.Values, _finder.WasBinary);
    }

    private void Keep(Version version, IEnumerable<FoundSecret> secrets, bool isBinary)
    {
        _binary += isBinary ? 1 : 0;
        foreach (var secret in secrets.Where(secret => _known.Add((version.Path, secret.Fingerprint))))
        {
            if (allowed.Holds(secret.Fingerprint))
                _allowed++;
            else
                _found.Add(new Place(version.Path, secret.Line, version.Commit, version.Author, secret.Fingerprint, version.IsFile));
        }
    }

    private Verdict ToVerdict(string where, bool isHistory)
    {
        var notes = string.Concat(
            _allowed > 0 ? $" Allowed as false alarms: {_allowed}." : "",
            _binary > 0 ? $" Binary files, in which only this program's own keys were looked for: {_binary}." : "",
            _submodules > 0 ? $" Submodules, which were not searched: {_submodules}. Run the doctor in each." : "");
        if (_found.Count > 0)
            return Verdict.Failed(
                $"{_found.Count} {(_found.Count == 1 ? "secret" : "secrets")} {where}"
                + $"{(_found.Count > MostPlaces ? $", of which {MostPlaces} are named" : "")}.{notes}",
                isHistory ? HistoryRemedy : StagedRemedy,
                [.. _found.Take(MostPlaces)]);

        return isHistory && git.IsShallow
            ? Verdict.NotChecked(
                $"this clone is shallow; no secret in the {_files} versions of files that are here.{notes}",
                "Run 'git fetch --unshallow' and the doctor again.")
            : Verdict.Passed($"No secret in {_files} {(_files == 1 ? "version of a file" : "versions of files")} {where}.{notes}");
    }

    /// <summary>A file's version, and the commit that brought it; none for what is only in the index or the work tree.</summary>
    private sealed record Version(string Path, string Blob, string? Commit = null, string? Author = null, bool IsFile = true);
}
