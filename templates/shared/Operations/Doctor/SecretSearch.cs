using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Acme.App.Guards;

namespace Acme.App.Operations.Doctor;

/// <summary>
/// Searches the work tree, the index and every commit of every ref, with the messages and names. <c>git log --raw</c> says which commit brought which
/// blob, once each, and <c>git cat-file --batch</c> streams them, one process for each core, the versions of a file after one another.
/// </summary>
internal sealed class SecretSearch(GitRepository git, IReadOnlySet<string> allowed, SensitiveDataOptions guards, IReadOnlyList<string> keys)
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
        "--no-ext-diff", "--no-show-signature", "--no-color", "--encoding=UTF-8", "--format=%H%n%an%n%ae%n%cn%n%ce%n%B",
    ];

    private readonly SecretFinder _finder = SecretFinder.For(guards, keys);
    private readonly HashSet<string> _blobs = [];
    private readonly HashSet<string> _names = [];
    private readonly HashSet<string> _secretNames = [];
    private readonly List<Version> _versions = [];
    private readonly HashSet<(string Path, string Fingerprint)> _known = [];
    private readonly List<Place> _found = [];
    private int _files;
    private int _binary;
    private int _allowed;
    private int _repositories;
    private int _missing;

    public Verdict SearchAll(CancellationToken cancellationToken)
    {
        try
        {
            AddHistory(cancellationToken);
        }
        catch (DoctorInputException) when (git.IsPartial(cancellationToken))
        {
            _missing++;
        }

        AddRefs(cancellationToken);
        List<string> unwatched = [];
        foreach (var entry in git.List(["ls-files", "-s", "-v", "-z"], cancellationToken))
            if (entry.Split('\t', 2) is [var file, var path] && file.Split(' ') is [var tag, var mode, var blob, _])
            {
                AddEntry(mode, blob, path);
                // What git is told to take for unchanged, or to leave out.
                if (tag == "S" || char.IsAsciiLetterLower(tag[0]))
                    unwatched.Add(path);
            }

        if (git.IsPartial(cancellationToken))
            LeaveOutMissing(cancellationToken);
        SearchBlobs(cancellationToken);
        foreach (var path in git.List(["ls-files", "-z", "-m", "-o", "--exclude-standard"], cancellationToken).Union(unwatched))
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
            AddEntry(mode, blob, pair[1]);
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
            else if (text.Split('\n', 6) is [var hash, var name, var mail, var committer, var itsMail, var message])
            {
                (commit, author) = (hash, name);
                SearchName(name, "(a commit's author)", commit);
                SearchName($"{mail} {committer} {itsMail}", "(a commit's author)", commit);
                SearchText(message, new Version("(commit message)", Blob: "", commit, author));
            }
            else if (text.Length > 0)
            {
                throw GitRepository.Broken("its log is written in a way that is not known");
            }
        }

        GitRepository.EndWell(log);
    }

    private void AddRefs(CancellationToken cancellationToken)
    {
        foreach (var named in GitRefs.Read(git, cancellationToken))
        {
            SearchName(named.Ref, "(the name of a branch or a tag)");
            if (named.Type == "blob")
                Add(new Version(named.Ref, named.Hash));
            foreach (var entry in named.Type == "tree" ? git.List(["ls-tree", "-r", "-z", named.Hash], cancellationToken) : [])
                if (entry.Split('\t', 2) is [var file, var path] && file.Split(' ') is [var mode, _, var blob])
                    AddEntry(mode, blob, path);
            // Its head first, that lines are those of the message.
            foreach (var part in named.Text.Split("\n\n", 2))
                SearchText(part, new Version($"(message of the tag {Sayable(named.Ref).Replace("refs/tags/", "", StringComparison.Ordinal)})", Blob: ""));
        }
    }

    private bool SearchText(string text, Version version)
    {
        var found = new Dictionary<string, FoundSecret>();
        _finder.FindInText(text, found);
        Keep(version with { IsFile = false }, found.Values, isBinary: false);
        return found.Count > 0;
    }

    /// <summary>A name in which a secret was found is not told any more.</summary>
    private void SearchName(string name, string what, string? commit = null, string? author = null)
    {
        if (_names.Add(name) && SearchText(name, new Version(what, Blob: "", commit, author)))
            _secretNames.Add(name);
    }

    /// <summary>What a raw line says of the result: after as many modes and hashes as there are parents, and colons.</summary>
    private static (string Mode, string Blob) ResultOf(string change)
    {
        var parents = change.AsSpan().IndexOfAnyExcept(':');
        var fields = change[parents..].Split(' ');
        return (fields[parents], fields[(2 * parents) + 1]);
    }

    private void AddEntry(string mode, string blob, string path)
    {
        if (mode == Submodule)
            _repositories++;
        else
            Add(new Version(path, blob));
    }

    private void Add(Version version)
    {
        if (_blobs.Add(version.Blob))
            _versions.Add(version);
        SearchName(version.Path, "(a file's name)", version.Commit, version.Author);
    }

    /// <summary>What a partial clone left with its origin; git would end at the first of it that is asked for.</summary>
    private void LeaveOutMissing(CancellationToken cancellationToken)
    {
        using var objects = git.Start(["rev-list", "--objects", "--no-object-names", "--missing=print", "--all"], [], cancellationToken);
        var missing = new HashSet<string>();
        while (objects.Text.ReadLine() is { } line)
            if (line is ['?', .. var hash])
                missing.Add(hash);
        GitRepository.EndWell(objects);
        _missing += _versions.RemoveAll(version => missing.Contains(version.Blob));
    }

    private void SearchBlobs(CancellationToken cancellationToken)
    {
        var readers = Math.Clamp(Environment.ProcessorCount, 1, MostReaders);
        var reading = _versions.GroupBy(version => version.Path).Index().GroupBy(file => file.Index % readers, file => file.Item)
            .Select(part => part.SelectMany(versions => versions).ToList())
            .Select(part => ToolRun.OnThreadAsync(() => Read(part, cancellationToken))).ToArray();
        foreach (var (version, secrets, isBinary) in Task.WhenAll(reading).GetAwaiter().GetResult().SelectMany(part => part))
            Keep(version, secrets, isBinary);
        _files += _versions.Count;
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
            var header = GitRepository.ReadLine(stream);
            if (header.Length == 0)
                GitRepository.EndWell(content);
            if (header.Split(' ') is not ["blob", var size])
                throw GitRepository.Broken($"an object of {Sayable(version.Path)} is missing");
            var found = new Dictionary<string, FoundSecret>();
            finder.Find(stream, long.Parse(size, CultureInfo.InvariantCulture), found, version.Path);
            stream.ReadByte();
            if (found.Count > 0 || finder.WasBinary)
                notable.Add((version, found.Values, finder.WasBinary));
        }

        GitRepository.EndWell(content);
        return notable;
    }

    private void SearchFile(string path)
    {
        SearchName(path, "(a file's name)");
        if (path.EndsWith('/'))
            _repositories++;
        var file = new FileInfo(Path.Combine(git.Top, path));
        // .NET reads a name that is not UTF-8 so, and finds no file by it.
        if (!file.Exists && path.Contains('\uFFFD', StringComparison.Ordinal))
            throw new DoctorInputException($"The name of the file '{Sayable(path)}' is not UTF-8. Rename it, or name it in .gitignore.");
        if (!file.Exists || file.LinkTarget is not null)
            return;
        var found = new Dictionary<string, FoundSecret>();
        try
        {
            _finder.FindInFile(file, found);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DoctorInputException($"The file '{Sayable(path)}' cannot be read. Let your user read it, or name it in .gitignore.");
        }

        _files++;
        Keep(new Version(path, Blob: ""), found.Values, _finder.WasBinary);
    }

    private void Keep(Version version, IEnumerable<FoundSecret> secrets, bool isBinary)
    {
        _binary += isBinary ? 1 : 0;
        foreach (var secret in secrets.Where(secret => _known.Add((version.Path, secret.Fingerprint))))
        {
            if (allowed.Contains(secret.Fingerprint))
                _allowed++;
            else
                _found.Add(new Place(Sayable(version.Path), secret.Line, version.Commit, Sayable(version.Author), secret.Fingerprint, version.IsFile));
        }
    }

    [return: NotNullIfNotNull(nameof(name))]
    private string? Sayable(string? name) => name is not null && _secretNames.Contains(name) ? "(a name that holds a secret)" : name;

    private Verdict ToVerdict(string where, bool isHistory)
    {
        var notes = string.Concat(
            _allowed > 0 ? $" Allowed as false alarms: {_allowed}." : "",
            _binary > 0 ? $" Binary files, in which only this program's own keys were looked for: {_binary}." : "",
            _repositories > 0 ? $" Submodules and other repositories within, which were not searched: {_repositories}. Run the doctor in each." : "",
            _found.Count > 0 && (_missing > 0 || git.IsShallow) ? " What this clone lacks was not searched." : "");
        if (_found.Count > 0)
            return Verdict.Failed(
                $"{_found.Count} {(_found.Count == 1 ? "secret" : "secrets")} {where}"
                + $"{(_found.Count > MostPlaces ? $", of which {MostPlaces} are named" : "")}.{notes}",
                isHistory ? HistoryRemedy : StagedRemedy,
                [.. _found.Take(MostPlaces)]);

        return isHistory && (git.IsShallow || _missing > 0)
            ? Verdict.NotChecked(
                $"this clone is {(git.IsShallow ? "shallow" : "partial")}; no secret in the {_files} versions of files that are here.{notes}",
                $"Run 'git fetch {(git.IsShallow ? "--unshallow" : "--refetch --no-filter")}' and the doctor again.")
            : Verdict.Passed($"No secret in {_files} {(_files == 1 ? "version of a file" : "versions of files")} {where}.{notes}");
    }

    /// <summary>A file's version, and the commit that brought it; none for what is only in the index or the work tree.</summary>
    private sealed record Version(string Path, string Blob, string? Commit = null, string? Author = null, bool IsFile = true);
}
