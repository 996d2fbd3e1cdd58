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
    private const int MostBefore = 4;
    private const int MostScheme = 12;
    private static readonly SearchValues<char> Ends = SearchValues.Create(" \t\r\n)>\"'\0");

    public Finding? Next(ReadOnlySpan<char> text, bool isFinal, ref int position, ref int floor, out int safe)
    {
        safe = text.Length;
        var window = new TextWindow(text, isFinal);
        while (text[position..].IndexOfAny(']', '=') is var offset and >= 0)
        {
            var at = position += offset;
            var start = StartOfDestination(ref window, at);
            var end = start > 0 && IsAbsolute(ref window, start) ? EndOf(ref window, start) : -1;
            if (window.IsTouched)
            {
                safe = start > 0 ? start : safe;
                return null;
            }

            position = floor = at + 1;
            if (end < 0 || !(text[start..end].Contains('?') || IsFetched(text, at)))
                continue;
            position = floor = end;
            return new Finding(SensitiveKind.Link, start, end, end - start < MostLength ? CharacterClass.None : CharacterClass.Any);
        }

        position = text.Length;
        return null;
    }

    private static int StartOfDestination(ref TextWindow window, int at)
    {
        var isTarget = window[at] == ']' ? window[at + 1] is '(' or ':' : (window[at - 1] | ' ') == 'c' && (window[at - 2] | ' ') == 'r' && (window[at - 3] | ' ') == 's';
        var start = at + (window[at] == ']' ? 2 : 1);
        for (var skipped = 0; isTarget && skipped < MostBefore && window[start] is ' ' or '<' or '"' or '\'' or '\n'; skipped++)
            start++;
        return isTarget ? start : -1;
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
        _ = window[start + MostLength - 1];
        var rest = window.Text[start..Math.Min(window.Text.Length, start + MostLength)];
        var length = rest.IndexOfAny(Ends);
        window.IsTouched &= length < 0;
        return start + (length < 0 ? rest.Length : length);
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
