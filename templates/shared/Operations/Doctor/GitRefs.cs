using System.Globalization;
using System.Text;

namespace Acme.App.Operations.Doctor;

/// <summary>What a ref names: an object's type and hash, and the text of a tag.</summary>
internal sealed record NamedObject(string Hash, string Type, string Ref, string Text = "");

/// <summary>What refs name: commits, tags, each of which may name another, and blobs and trees. All of it is pushed with the ref.</summary>
internal static class GitRefs
{
    private const int MostTagBytes = 1024 * 1024;

    /// <exception cref="DoctorInputException">A tag is missing or too large.</exception>
    public static IEnumerable<NamedObject> Read(GitRepository git, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>();
        var named = git.List(["for-each-ref", "--format=%(objectname) %(objecttype) %(refname)%00"], cancellationToken)
            .Select(line => line.Trim('\n').Split(' ', 3)).Where(parts => parts.Length == 3)
            .Select(parts => new NamedObject(parts[0], parts[1], parts[2])).ToList();
        while (named.Count > 0)
        {
            foreach (var one in named)
                yield return one;
            var tags = ReadTags(git, named.FindAll(one => one.Type == "tag" && seen.Add(one.Hash)), cancellationToken);
            foreach (var tag in tags)
                yield return tag;
            named = [.. tags.Select(TargetOf).OfType<NamedObject>()];
        }
    }

    private static List<NamedObject> ReadTags(GitRepository git, List<NamedObject> tags, CancellationToken cancellationToken)
    {
        if (tags.Count == 0)
            return [];
        using var content = git.Start(["cat-file", "--batch=%(objecttype) %(objectsize)", "--buffer"], tags.Select(tag => tag.Hash + "\n"), cancellationToken);
        var stream = new BufferedStream(content.Text.BaseStream);
        List<NamedObject> read = [];
        foreach (var tag in tags)
        {
            if (GitRepository.ReadLine(stream).Split(' ') is not ["tag", var size]
                || !int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > MostTagBytes)
                throw GitRepository.Broken($"the tag {tag.Hash} is missing, or has more than {MostTagBytes / 1024} KiB");
            var bytes = new byte[length + 1];
            stream.ReadExactly(bytes);
            read.Add(tag with { Text = Encoding.UTF8.GetString(bytes.AsSpan(0, length)) });
        }

        GitRepository.EndWell(content);
        return read;
    }

    private static NamedObject? TargetOf(NamedObject tag) =>
        tag.Text.Split('\n') is [['o', 'b', 'j', 'e', 'c', 't', ' ', .. var hash], ['t', 'y', 'p', 'e', ' ', .. var type], ..]
            ? new NamedObject(hash, type, tag.Ref)
            : null;
}
