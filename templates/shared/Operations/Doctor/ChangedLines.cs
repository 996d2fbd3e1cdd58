namespace Acme.App.Operations.Doctor;

/// <summary>
/// What a version of a file has that the one before has not. A history holds mostly versions that differ in a few lines, so that most of
/// each was searched before. Any common stretch will do, not the longest: what is left out stood in the other version as it stands here.
/// </summary>
internal static class ChangedLines
{
    private const int Block = 64;
    private const int Near = 4096;
    private const int MostTries = 64;

    // A detector reads within its line, and over so many spaces and ends of lines between a name, the word "value" and a value.
    private const int Context = 48 + 18;

    /// <summary>Gives the changed lines, each with what a detector reads around it.</summary>
    public static void Find(ReadOnlySpan<byte> before, ReadOnlySpan<byte> text, List<Range> changed)
    {
        changed.Clear();
        var at = text.CommonPrefixLength(before);
        var old = at;
        var same = CommonSuffixLength(text[at..], before[at..]);
        var (end, oldEnd) = (text.Length - same, before.Length - same);
        while (at < end || old < oldEnd)
        {
            var start = StartOfLine(text, StartOfLine(text, at) - Context);
            (at, old) = Meet(text[..end], at, before[..oldEnd], old);
            changed.Add(start..EndOfLine(text, EndOfLine(text, at) + Context));
            same = text[at..end].CommonPrefixLength(before[old..oldEnd]);
            (at, old) = (at + same, old + same);
        }
    }

    /// <summary>The next line that stands in the version before as well, and where it stands there; the ends of both when none is near.</summary>
    private static (int At, int Old) Meet(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> before, int old)
    {
        var near = before.Slice(old, Math.Min(Near, before.Length - old));
        var line = StartOfLine(text, at) == at ? at : EndOfLine(text, at);
        for (var tries = 0; tries < MostTries && line + Block <= text.Length; tries++)
        {
            if (near.IndexOf(text.Slice(line, Block)) is var found and >= 0)
                return (line, old + found);
            line = EndOfLine(text, line);
        }

        return (text.Length, before.Length);
    }

    private static int StartOfLine(ReadOnlySpan<byte> text, int at) => text[..Math.Clamp(at, 0, text.Length)].LastIndexOf((byte)'\n') + 1;

    private static int EndOfLine(ReadOnlySpan<byte> text, int at) =>
        at < text.Length && text[at..].IndexOf((byte)'\n') is var length and >= 0 ? at + length + 1 : text.Length;

    private static int CommonSuffixLength(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var (length, most) = (0, Math.Min(one.Length, other.Length));
        while (length + Block <= most && one[^(length + Block)..^length].SequenceEqual(other[^(length + Block)..^length]))
            length += Block;
        while (length < most && one[^(length + 1)] == other[^(length + 1)])
            length++;
        return length;
    }
}
