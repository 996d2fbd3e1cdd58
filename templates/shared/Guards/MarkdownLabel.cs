using System.Buffers;

namespace Acme.App.Guards;

/// <summary>Tells what a label in brackets belongs to, by what stands before its <c>]</c>.</summary>
internal static class MarkdownLabel
{
    private const int MostSpaces = 16;
    private static readonly SearchValues<char> s_beforeLabels = SearchValues.Create(" \t>*-+.)0123456789");

    /// <summary>Whether a label before a colon begins its line, as a definition does; <c>case map[0]: //…</c> is code.</summary>
    public static bool IsDefinition(ReadOnlySpan<char> text, int at)
    {
        for (var index = at - 1; index >= Math.Max(0, at - OutboundLink.MostLabel); index--)
        {
            if (text[index] != '[' || (index > 0 && text[index - 1] == '\\'))
                continue;
            var before = index - 1;
            while (before >= 0 && index - before < MostSpaces && s_beforeLabels.Contains(text[before]))
                before--;
            return before < 0 || text[before] is '\n' or '\r' || index - before == MostSpaces;
        }

        return true;
    }

    /// <summary>
    /// Whether the label before belongs to an image; one too long to tell counts as one. Beside code or a tag, whose brackets are no label's, any
    /// image in the paragraph may be the one.
    /// </summary>
    public static bool IsImage(ReadOnlySpan<char> text, int at)
    {
        var (depth, isPlain, isOpen) = (0, true, true);
        for (var index = at - 1; index >= Math.Max(0, at - OutboundLink.MostLabel); index--)
        {
            isPlain &= text[index] is not ('`' or '<' or '>');
            if (!isPlain && BeginsBlock(text, index))
                return false;
            if (text[index] is not ('[' or ']') || (index > 0 && text[index - 1] == '\\'))
                continue;
            if (text[index] == ']')
                depth++;
            else if (index > 0 && text[index - 1] == '!' && (depth == 0 || !isPlain))
                return true;
            else if (depth-- == 0 && isPlain)
                return false;
            else
                isOpen &= depth >= 0;
        }

        return isPlain || (at > OutboundLink.MostLabel && isOpen);
    }

    /// <summary>Whether an empty line stands there, a list's next item or a heading, perhaps in a quotation: no label reaches over any.</summary>
    private static bool BeginsBlock(ReadOnlySpan<char> text, int at)
    {
        if (text[at] != '\n')
            return false;
        var line = text[(at + 1)..];
        // Four spaces before a mark are a paragraph's next line.
        var first = line.IndexOfAnyExcept(' ', '\t', '>');
        if (first >= 0 && line[first] == '\n')
            return true;
        if (first < 0 || line[..first].EndsWith("    ", StringComparison.Ordinal) || line[..first].Contains('\t'))
            return false;
        line = line[first..];
        return line is ['-' or '*' or '+', ' ', > ' ', ..] || (line.TrimStart('#') is [' ', ..] rest && line.Length - rest.Length is >= 1 and <= 6);
    }
}
