using System.Buffers;

namespace Acme.App.Guards;

/// <summary>
/// Finds destinations in Markdown and HTML that would carry data out: every image from another host, which a page fetches unasked, and links
/// with a query. Only the destination is taken, so the words stay.
/// </summary>
internal sealed class LinkDetector : ITextDetector
{
    private const int MostLength = 2_048;
    private const int MostLabel = 256;
    private static readonly SearchValues<string> Anchors = SearchValues.Create(["](", "]:", "src="], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> Ends = SearchValues.Create(" \t\r\n)>\"'\0");

    public Finding? Next(ReadOnlySpan<char> text, bool isFinal, ref int position, ref int floor, out int safe)
    {
        safe = text.Length;
        while (text[position..].IndexOfAny(Anchors) is var offset and >= 0)
        {
            var at = position + offset;
            var start = at + (text[at] == ']' ? 2 : 4);
            var most = start + 4;
            while (start < text.Length && start < most && text[start] is ' ' or '<' or '"' or '\'' or '\n')
                start++;
            var length = text[start..Math.Min(text.Length, start + MostLength)].IndexOfAny(Ends);
            var end = length < 0 ? Math.Min(text.Length, start + MostLength) : start + length;
            if (length < 0 && end == text.Length && !isFinal)
            {
                (position, safe) = (at, Math.Min(start, text.Length));
                return null;
            }

            position = floor = Math.Max(start, at + 2);
            if (!IsOutbound(text[start..end], IsFetched(text, at)))
                continue;
            position = floor = end;
            return new Finding(SensitiveKind.Link, start, end, length < 0 ? CharacterClass.Any : CharacterClass.None);
        }

        position = isFinal ? text.Length : Math.Max(position, text.Length - 3);
        return null;
    }

    private static bool IsOutbound(ReadOnlySpan<char> destination, bool isFetched)
    {
        var isAbsolute = destination.StartsWith("//", StringComparison.Ordinal) || destination.Contains("://", StringComparison.Ordinal);
        return isAbsolute && (isFetched || destination.Contains('?'));
    }

    /// <summary>Whether the label before belongs to an image; one too long to tell counts as one.</summary>
    private static bool IsFetched(ReadOnlySpan<char> text, int at)
    {
        if (text[at] != ']')
            return true;
        var label = text[Math.Max(0, at - MostLabel)..at];
        return label.Contains("![", StringComparison.Ordinal) || !label.Contains('[');
    }
}
