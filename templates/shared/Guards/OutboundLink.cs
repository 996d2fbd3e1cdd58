using System.Buffers;

namespace Acme.App.Guards;

/// <summary>
/// A destination in Markdown or HTML that would carry data out: what a page fetches unasked from another host, a definition that an image may
/// refer to, and a link with a query. Only the destination is taken, so the words stay.
/// </summary>
internal static class OutboundLink
{
    /// <summary>How far a label and a tag are read back, in characters.</summary>
    public const int MostLabel = 1_024;

    private const int MostLength = 2_048;
    private const int MostBefore = TextWindow.Right;
    private const int MostScheme = 12;
    private const int MostSpaces = 16;
    private static readonly SearchValues<char> s_ends = SearchValues.Create(" \t\n>\"'");
    private static readonly string[] s_fetched = ["src", "srcset", "imagesrcset", "poster", "background"];
    private static readonly string[] s_fetchedByTags = ["data", "action", "formaction", "ping"];
    private static readonly string[] s_sending = ["object", "form", "button", "input", "a", "area"];
    private static readonly string[] s_followed = ["href"];

    // Of what has a href, a reader follows the rest.
    private static readonly string[] s_loading =
        ["link", "image", "use", "feimage", "script", "base", "pattern", "filter", "mpath", "textpath", "lineargradient", "radialgradient"];
    private static readonly string[] s_embedded = ["srcdoc"];
    private static readonly string[] s_waited = ["content"];
    private static readonly string[] s_waiting = ["meta"];
    private static readonly string[] s_lists = ["srcset", "imagesrcset"];
    private static readonly string[] s_spelling = ["colon;", "sol;", "bsol;", "tab;", "newline;"];
    private static readonly string[] s_quotes = ["34;", "39;", "x22;", "x27;"];

    /// <summary>
    /// Looks behind the <c>]</c> of a label, the <c>=</c> of an HTML attribute, the <c>(</c> of a style's function and the <c>@</c> of an import
    /// and, for <c>&lt;https://…></c>, about a colon.
    /// </summary>
    public static Finding? Find(ref TextWindow window, int at, int floor) => window[at] switch
    {
        ']' => FindBehindLabel(ref window, at),
        '=' => FindInAttribute(ref window, at),
        '(' => FindInStyle(ref window, at),
        '@' => FindImport(ref window, at),
        _ => FindAutolink(ref window, at, floor),
    };

    private static Finding? FindBehindLabel(ref TextWindow window, int at)
    {
        var isDefinition = window[at + 1] == ':' && MarkdownLabel.IsDefinition(window.Text, at);
        if (!isDefinition && window[at + 1] != '(')
            return null;
        // A quote there is a part of the address, and makes it one of this host.
        var start = Skip(ref window, at + 2, "<>");
        return FindAt(ref window, at + 2, start, isFetched: isDefinition || MarkdownLabel.IsImage(window.Text, at));
    }

    private static Finding? FindInAttribute(ref TextWindow window, int at)
    {
        var isFollowed = IsAttribute(ref window, at, s_followed);
        var isFetched = IsAttribute(ref window, at, s_fetched) || (IsRefresh(ref window, at) && HtmlTag.Holds(window.Text, at, s_waiting))
            || (IsAttribute(ref window, at, s_fetchedByTags) && HtmlTag.Holds(window.Text, at, s_sending))
            || (isFollowed && HtmlTag.Holds(window.Text, at, s_loading));
        var isPage = IsAttribute(ref window, at, s_embedded);
        var isWaited = IsAttribute(ref window, at, s_waited) && HtmlTag.Holds(window.Text, at, s_waiting);
        if (!isFollowed && !isFetched && !isPage && !isWaited)
            return null;

        var first = at + 1;
        var start = Skip(ref window, first, "<>\"'");
        if (isFollowed || isFetched || start - first == MostBefore)
            return FindAt(ref window, first, start, isFetched)
                ?? (IsBroken(ref window, start) || (IsAttribute(ref window, at, s_lists) && IsOutboundList(ref window, start))
                    ? Take(ref window, start, isFetched, window[start - 1])
                    : null);
        return isPage ? FindPage(ref window, first, start) : FindBehindSeconds(ref window, start);
    }

    private static Finding? FindInStyle(ref TextWindow window, int at)
    {
        if (CssFunction.StandsBefore(ref window, at, "image-set", mayHavePrefix: true))
            return Take(ref window, at + 1, isFetched: true, ')') is { } list && NamesAHost(window.Text[list.Start..list.End]) ? list : null;
        return CssFunction.StandsBefore(ref window, at, "url")
            ? FindAt(ref window, at + 1, Skip(ref window, at + 1, "<>\"'"), isFetched: true)
            : null;
    }

    /// <summary>What a style sheet loads by <c>@import "https://…"</c>.</summary>
    private static Finding? FindImport(ref TextWindow window, int at)
    {
        const string word = "import";
        var first = at + 1 + word.Length;
        return window.Holds(at + 1, word) ? FindAt(ref window, first, Skip(ref window, first, "\"'"), isFetched: true) : null;
    }

    private static Finding? FindAutolink(ref TextWindow window, int at, int floor)
    {
        var start = window.Back(at, CharacterClass.Name, floor, MostScheme);
        return window[start - 1] == '<' && start < at && window[at + 1] == '/' ? Take(ref window, start, isFetched: false, '<') : null;
    }

    /// <summary>The page within <c>srcdoc</c>, where it has entities: what they spell nobody reads here.</summary>
    private static Finding? FindPage(ref TextWindow window, int first, int start)
    {
        var quote = window.Text[first..start].IndexOfAny('"', '\'');
        start = quote < 0 ? start : first + quote + 1;
        return Take(ref window, start, isFetched: true, window[start - 1]) is { } page && window.Text[page.Start..page.End].Contains('&') ? page : null;
    }

    /// <summary>In <c>content="0; https://…"</c> the address may follow the seconds at once.</summary>
    private static Finding? FindBehindSeconds(ref TextWindow window, int start)
    {
        var end = start;
        while (end - start < MostSpaces && (char.IsAsciiDigit(window[end]) || window[end] is '.' or ';' or ',' or ' '))
            end++;
        return end > start ? FindAt(ref window, start, end, isFetched: true) : null;
    }

    /// <summary>Goes on over white space and what opens an address.</summary>
    private static int Skip(ref TextWindow window, int first, string opening)
    {
        var start = first;
        while (start - first < MostBefore && (char.IsWhiteSpace(window[start]) || opening.Contains(window[start])))
            start++;
        return start;
    }

    private static Finding? FindAt(ref TextWindow window, int first, int start, bool isFetched)
    {
        // So far behind, what is put in place of the white space keeps a page from taking the rest for an address.
        if (start - first == MostBefore)
            return new Finding(SensitiveKind.Link, first, start);
        return IsOutbound(ref window, start) ? Take(ref window, start, isFetched, window[start - 1]) : null;
    }

    private static bool NamesAHost(ReadOnlySpan<char> text) => text.Contains("//", StringComparison.Ordinal) || text.ContainsAny(':', '\\');

    private static bool IsAttribute(ref TextWindow window, int at, string[] names)
    {
        var end = at;
        while (at - end < MostLabel && window[end - 1] is ' ' or '\t' or '\n')
            end--;
        if (at - end == MostLabel)
            return true;
        foreach (var name in names)
            if (window.Holds(end - name.Length, name) && window[end - name.Length - 1] is ' ' or '\t' or '\n' or '/' or '"' or '\'' or ':' or '\0')
                return true;
        return false;
    }

    /// <summary>The address behind the seconds of <c>&lt;meta http-equiv="refresh" content="0;url=…"></c>.</summary>
    private static bool IsRefresh(ref TextWindow window, int at)
    {
        if (!window.Holds(at - 3, "url"))
            return false;
        var before = at - 4;
        while (at - before < MostSpaces && window[before] == ' ')
            before--;
        return window[before] is ';' or ',' && char.IsAsciiDigit(window[before - 1]);
    }

    /// <summary>
    /// Whether another host is named, by a scheme or by two slashes. A browser takes a backslash for a slash, and a page reads an entity, or a
    /// backslash before a mark, as the mark.
    /// </summary>
    private static bool IsOutbound(ref TextWindow window, int start)
    {
        var end = window.On(start, CharacterClass.Name, MostScheme);
        if (IsEntity(ref window, end))
            return true;
        if (end - start > 1)
            return window[end] switch
            {
                '\\' => window[end + 1] == ':',
                ':' => IsSlash(ref window, end + 1) || window.Holds(start, "http") || window.Holds(start, "mailto"),
                _ => false,
            };
        return end == start && IsSlash(ref window, end) && IsSlash(ref window, end + 1) && window[end + 2] > ' ';
    }

    /// <summary>Whether a tab or a line's end stands in the beginning of a quoted address: a browser takes it out and reads on.</summary>
    private static bool IsBroken(ref TextWindow window, int start)
    {
        if (window[start - 1] is not ('"' or '\''))
            return false;
        var end = start;
        while (end - start < MostScheme && (CharacterClasses.Is(window[end], CharacterClass.Name) || window[end] is ':' or '/' or '\\'))
            end++;
        return window[end] is '\t' or '\n';
    }

    /// <summary>Whether a later address of <c>srcset</c>, which lists several in quotes, names another host.</summary>
    private static bool IsOutboundList(ref TextWindow window, int start)
    {
        var closing = window[start - 1];
        if (closing is not ('"' or '\''))
            return false;
        for (var index = start; index - start < MostLength && window[index] != closing && window[index] != '\0'; index++)
        {
            if (window[index] != ',')
                continue;
            while (window[index + 1] is ' ' or '\t' or '\n' && index - start < MostLength)
                index++;
            if (IsOutbound(ref window, index + 1))
                return true;
        }

        return false;
    }

    private static bool IsSlash(ref TextWindow window, int index) => window[index] is '/' or '\\' || IsEntity(ref window, index);

    /// <summary>Whether an entity stands there that may spell a part of an address's beginning; a quote's does not.</summary>
    private static bool IsEntity(ref TextWindow window, int index) => window[index] == '&'
        && (window[index + 1] == '#' ? !HoldsOneOf(ref window, index + 2, s_quotes) : HoldsOneOf(ref window, index + 1, s_spelling));

    private static bool HoldsOneOf(ref TextWindow window, int index, string[] names)
    {
        foreach (var name in names)
            if (window.Holds(index, name))
                return true;
        return false;
    }

    private static Finding? Take(ref TextWindow window, int start, bool isFetched, char opening)
    {
        var closing = opening == '<' ? '>' : opening;
        var isEnclosed = closing is '>' or '"' or '\'' or ')';
        var (end, depth) = (start, 0);
        for (; end - start < MostLength; end++)
        {
            var character = window[end];
            if (character == '\0' || (isEnclosed ? character == closing : s_ends.Contains(character) || (character == ')' && depth-- == 0)))
                break;
            depth += character == '(' ? 1 : 0;
            end += character == '\\' && window[end + 1] > ' ' ? 1 : 0;
        }

        return isFetched || end - start >= MostLength || window.Text[start..end].ContainsAny('?', '&')
            ? new Finding(SensitiveKind.Link, start, end, end - start < MostLength ? CharacterClass.None : CharacterClass.Any)
            : null;
    }
}
