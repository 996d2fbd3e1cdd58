using System.Buffers;

namespace Acme.App.Guards;

/// <summary>Tells in which element's tag a place of a text lies.</summary>
internal static class HtmlTag
{
    private static readonly SearchValues<char> s_nameEnds = SearchValues.Create(" \t\n/");

    /// <summary>
    /// Whether an attribute stands in such an element, as HTML reads it or as Markdown may, which takes the nearest tag where what stands before it
    /// is none to it.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="at">The attribute's <c>=</c>.</param>
    /// <param name="names">The elements.</param>
    public static bool Holds(ReadOnlySpan<char> text, int at, string[] names)
    {
        var before = text[Math.Max(0, at - OutboundLink.MostLabel)..at];
        var (open, nearest) = (NameFrom(before), before.LastIndexOfAny('<', '>'));
        return (open > 0 && IsNamed(before[open..])) || (BeginsTag(before, nearest) && IsNamed(before[(nearest + 1)..]));

        bool IsNamed(ReadOnlySpan<char> tag) => tag.IndexOfAny(s_nameEnds) is var end and > 0 && IsOneOf(tag[..end], names);
    }

    private static bool IsOneOf(ReadOnlySpan<char> tag, string[] names)
    {
        foreach (var name in names)
            if (tag.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    /// <summary>Where the name of the open element begins; 0 outside of any. A quote opens a value behind <c>=</c> alone; within a tag none begins.</summary>
    private static int NameFrom(ReadOnlySpan<char> before)
    {
        var (name, end, last) = (0, '\0', '\0');
        for (var index = 0; index < before.Length; index++)
        {
            var character = before[index];
            var isSpace = character is ' ' or '\t' or '\n';
            if (end != '\0' && character != end && !(end == ' ' && (isSpace || character == '>')))
                continue;
            if (end == '\0' && name > 0 && last == '=' && !isSpace && character != '>')
                (end, character) = (character is '"' or '\'' ? character : ' ', '\0');
            else if (end is '"' or '\'')
                end = '\0';
            else if (character == '>')
                (name, end) = (0, '\0');
            else
                (name, end) = (name == 0 && BeginsTag(before, index) ? index + 1 : name, '\0');
            last = isSpace ? last : character;
        }

        return name;
    }

    private static bool BeginsTag(ReadOnlySpan<char> text, int at) => at >= 0 && at + 1 < text.Length && text[at] == '<' && char.IsAsciiLetter(text[at + 1]);
}
