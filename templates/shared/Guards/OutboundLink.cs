using System.Buffers;

namespace Acme.App.Guards;

/// <summary>
/// A destination in Markdown or HTML that would carry data out: of every image from another host, which a page fetches unasked, and of a
/// link with a query. Only the destination is taken, so the words stay.
/// </summary>
internal static class OutboundLink
{
    private const int MostLength = 2_048;
    private const int MostLabel = 256;
    private const int MostBefore = 4;
    private const int MostScheme = 12;
    private static readonly SearchValues<char> Ends = SearchValues.Create(" \t\r\n)>\"'\0");

    /// <summary>Looks behind the <c>]</c> of a label or the <c>=</c> of an HTML source.</summary>
    public static Finding? Find(ref TextWindow window, int at)
    {
        var isTarget = window[at] == ']' ? window[at + 1] is '(' or ':' : window.Holds(at - 3, "src");
        var start = at + (window[at] == ']' ? 2 : 1);
        for (var skipped = 0; isTarget && skipped < MostBefore && window[start] is ' ' or '<' or '"' or '\'' or '\n'; skipped++)
            start++;
        if (!isTarget || !IsAbsolute(ref window, start))
            return null;

        var end = EndOf(ref window, start);
        return window.Text[start..end].Contains('?') || IsFetched(window.Text, at)
            ? new Finding(SensitiveKind.Link, start, end, end - start < MostLength ? CharacterClass.None : CharacterClass.Any)
            : null;
    }

    /// <summary>Whether another host is named: <c>//host</c>, or a scheme before it.</summary>
    private static bool IsAbsolute(ref TextWindow window, int start)
    {
        var end = start;
        while (end - start < MostScheme && CharacterClasses.Is(window[end], CharacterClass.Name))
            end++;
        end += window[end] == ':' ? 1 : 0;
        return window[end] == '/' && window[end + 1] == '/';
    }

    private static int EndOf(ref TextWindow window, int start)
    {
        var rest = window.Text[start..Math.Min(window.Text.Length, start + MostLength)];
        var length = rest.IndexOfAny(Ends);
        if (length < 0)
            _ = window[start + MostLength - 1];
        return start + (length < 0 ? rest.Length : length);
    }

    /// <summary>Whether the label before belongs to an image; one too long to tell counts as one.</summary>
    private static bool IsFetched(ReadOnlySpan<char> text, int at)
    {
        var depth = text[at] == ']' ? 0 : MostLabel;
        for (var index = at - 1; index >= Math.Max(0, at - MostLabel); index--)
        {
            depth += text[index] == ']' ? 1 : 0;
            if (text[index] != '[' || (index > 0 && text[index - 1] == '\\'))
                continue;
            if (depth == 0)
                return index > 0 && text[index - 1] == '!';
            depth--;
        }

        return true;
    }
}
