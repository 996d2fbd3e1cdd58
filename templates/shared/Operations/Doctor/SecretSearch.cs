using System.Globalization;
using System.Text;
using Acme.App.Guards;

namespace Acme.App.Operations.Doctor;

/// <summary>
/// Searches the work tree, the index and every commit of every branch. <c>git rev-list</c> names each blob once, whatever the number of
/// commits that hold it, and <c>git cat-file --batch</c> streams it; who brought a finding in is asked only when there is one.
/// </summary>
internal sealed class SecretSearch(GitRepository git, AllowFile allowed, SensitiveDataOptions guards, IReadOnlyList<string> keys)
{
    private const int MostPlaces = 200;

    private readonly SecretFinder _finder = new(guards, keys, new SeenVersions());
    private readonly HashSet<(string Path, string Fingerprint)> _known = [];
    private readonly List<(string? Blob, Place Place)> _found = [];
    private int _files;
    private int _binary;
    private int _allowed;

    public async Task<Verdict> SearchAllAsync(CancellationToken cancellationToken)
    {
        var index = (await git.ListAsync(["ls-files", "-s", "-z"], cancellationToken)).Select(IndexEntry.Parse).ToList();
        var isEmpty = (await git.ListAsync(["for-each-ref", "--count=1"], cancellationToken)).Length == 0;
        var history = isEmpty ? null : git.Start("rev-list", "--objects", "--all", "--reverse", "--filter=object:type=blob", "--filter-provided-objects");
        using (history)
            await SearchBlobsAsync(Blobs(index, history?.StandardOutput), history?.StandardError, cancellationToken);

        foreach (var path in (await git.ListAsync(["ls-files", "-z", "-m", "-o", "--exclude-standard"], cancellationToken)).Distinct())
            SearchFile(path);
        await NameCommitsAsync(cancellationToken);
        return ToVerdict("in the work tree, the index and the whole history of all branches", index.Count(entry => entry.IsSubmodule));
    }

    /// <summary>Only what the next commit would change.</summary>
    public async Task<Verdict> SearchStagedAsync(CancellationToken cancellationToken)
    {
        var fields = await git.ListAsync(["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--diff-filter=ACMT"], cancellationToken);
        var entries = fields.Chunk(2).Select(pair => IndexEntry.ParseRaw(pair[0], pair[1])).ToList();
        await SearchBlobsAsync(Blobs(entries, null), null, cancellationToken);
        return ToVerdict("in what the next commit would bring", entries.Count(entry => entry.IsSubmodule));
    }

    // The history comes first and its oldest version at that, so that a finding is named where it came in.
    private static IEnumerable<(string Blob, string Path)> Blobs(IReadOnlyList<IndexEntry> index, StreamReader? history)
    {
        var seen = new HashSet<string>();
        while (history?.ReadLine() is { } line)
            if (line.Split(' ', 2) is [var blob, .. var path] && seen.Add(blob))
                yield return (blob, path is [var name] ? name : "(no path)");
        foreach (var entry in index)
            if (!entry.IsSubmodule && seen.Add(entry.Blob))
                yield return (entry.Blob, entry.Path);
    }

    private async Task SearchBlobsAsync(IEnumerable<(string Blob, string Path)> blobs, StreamReader? historyErrors, CancellationToken cancellationToken)
    {
        using var content = git.Start("cat-file", "--batch", "--buffer");
        var errors = content.StandardError.ReadToEndAsync(cancellationToken);
        var errorsOfHistory = historyErrors?.ReadToEndAsync(cancellationToken) ?? Task.FromResult("");
        var asked = System.Threading.Channels.Channel.CreateBounded<string>(4096);
        var asking = Task.Run(async () =>
        {
            await using var asks = new StreamWriter(content.StandardInput.BaseStream);
            foreach (var (blob, path) in blobs)
            {
                await asked.Writer.WriteAsync(path, cancellationToken);
                await asks.WriteAsync(blob);
                await asks.WriteAsync('\n');
            }

            asked.Writer.Complete();
        }, cancellationToken);

        try
        {
            var stream = new BufferedStream(content.StandardOutput.BaseStream, SecretFinder.PieceBytes);
            var found = new Dictionary<string, FoundSecret>();
            while (ReadHeader(stream) is { } header)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var path = await asked.Reader.ReadAsync(cancellationToken);
                if (header.Split(' ') is not [var blob, "blob", var size])
                    throw GitRepository.Broken($"an object of {path} is missing");
                found.Clear();
                _finder.Find(stream, long.Parse(size, CultureInfo.InvariantCulture), found, path);
                stream.ReadByte();
                Keep(blob, path, found.Values);
            }

            await asking;
        }
        finally
        {
            if (!content.HasExited)
                content.Kill();
        }

        if ((await errors) + (await errorsOfHistory) is { Length: > 0 } error)
            throw GitRepository.Broken(error);
    }

    private static string? ReadHeader(Stream stream)
    {
        var line = new StringBuilder();
        for (var next = stream.ReadByte(); next != '\n'; next = stream.ReadByte())
        {
            if (next < 0)
                return line.Length == 0 ? null : throw GitRepository.Broken("an object ended early");
            line.Append((char)next);
        }

        return line.ToString();
    }

    private void SearchFile(string path)
    {
        var file = new FileInfo(Path.Combine(git.Top, path));
        if (!file.Exists || file.LinkTarget is not null)
            return;
        var found = new Dictionary<string, FoundSecret>();
        try
        {
            using var stream = file.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _finder.Find(stream, file.Length, found, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DoctorInputException($"The file '{path}' cannot be read. Let your user read it, or name it in .gitignore.");
        }

        Keep(null, path, found.Values);
    }

    private void Keep(string? blob, string path, IEnumerable<FoundSecret> found)
    {
        _files++;
        _binary += _finder.WasBinary ? 1 : 0;
        foreach (var secret in found)
        {
            if (!_known.Add((path, secret.Fingerprint)))
                continue;
            if (allowed.Holds(secret.Fingerprint))
                _allowed++;
            else
                _found.Add((blob, new Place(path, secret.Line, Fingerprint: secret.Fingerprint)));
        }
    }

    /// <summary>Finds the oldest commit that brought each finding in, in one walk.</summary>
    private async Task NameCommitsAsync(CancellationToken cancellationToken)
    {
        var wanted = _found.Select(found => found.Blob).OfType<string>().ToHashSet();
        if (wanted.Count == 0)
            return;

        using var log = git.Start("log", "--all", "--raw", "-m", "--root", "--no-abbrev", "--no-renames", "--no-ext-diff", "--format=%H %an");
        var errors = log.StandardError.ReadToEndAsync(cancellationToken);
        var origins = new Dictionary<string, (string Commit, string Author)>();
        var commit = ("", "");
        while (await log.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            // The newest comes first, so that the oldest is what stays.
            if (line.Length > 0 && line[0] != ':')
                commit = line.Split(' ', 2) is [var hash, var author] ? (hash, author) : commit;
            else if (line.Split([' ', '\t'], 6) is [_, _, _, var blob, ..] && wanted.Contains(blob))
                origins[blob] = commit;
        }

        await errors;
        for (var index = 0; index < _found.Count; index++)
            if (_found[index] is { Blob: { } blob } found && origins.TryGetValue(blob, out var origin))
                _found[index] = found with { Place = found.Place with { Commit = origin.Commit, Author = origin.Author } };
    }

    private Verdict ToVerdict(string where, int submodules)
    {
        var notes = new StringBuilder();
        if (_allowed > 0)
            notes.Append(CultureInfo.InvariantCulture, $" {_allowed} allowed as false alarms.");
        if (_binary > 0)
            notes.Append(CultureInfo.InvariantCulture, $" In {_binary} binary files only this program's own keys were looked for.");
        if (submodules > 0)
            notes.Append(CultureInfo.InvariantCulture, $" {submodules} submodules were not searched: run the doctor in each.");
        if (_found.Count > 0)
        {
            var verdict = Verdict.Failed(
                $"{_found.Count} secrets {where}{(_found.Count > MostPlaces ? $", of which {MostPlaces} are named" : "")}.{notes}",
                "1. Revoke each at its provider: what was pushed is known. 2. Put a new one where the program takes its secrets from. 3. Remove it from the files, and rewrite the history "
                + $"(git filter-repo --replace-text). 4. Only a false alarm goes into {AllowFile.DefaultName}, as its fingerprint and the reason.");
            return verdict with { Places = [.. _found.Take(MostPlaces).Select(found => found.Place)] };
        }

        return git.IsShallow && where.Contains("history", StringComparison.Ordinal)
            ? Verdict.NotChecked($"this clone is shallow; {_files} files and blobs that are here hold no secret.{notes}", "Run 'git fetch --unshallow' and the doctor again.")
            : Verdict.Passed($"No secret in {_files} files and blobs {where}.{notes}");
    }

    /// <summary>What the index says of one file.</summary>
    private sealed record IndexEntry(string Mode, string Blob, string Path)
    {
        public bool IsSubmodule => Mode == "160000";

        public static IndexEntry Parse(string line)
        {
            var parts = line.Split('\t', 2);
            var fields = parts[0].Split(' ');
            return new IndexEntry(fields[0], fields[1], parts[1]);
        }

        public static IndexEntry ParseRaw(string change, string path)
        {
            var fields = change.TrimStart(':').Split(' ');
            return new IndexEntry(fields[1], fields[3], path);
        }
    }
}
