using System.Net;

namespace Acme.App.Guards;

/// <summary>An address of the internet protocol, and not the version of a program.</summary>
internal static class IpNumber
{
    private const int MostLength = 45;
    private const int VersionReach = 16;

    public static Finding? Find(ref TextWindow window, int run, int floor)
    {
        var start = run;
        while (start > floor && run - start < MostLength && (window[start - 1] == ':' || CharacterClasses.Is(window[start - 1], CharacterClass.Hex)))
            start--;
        var (end, colons, dots) = (start, 0, 0);
        for (; end - start <= MostLength; end++)
        {
            var character = window[end];
            var isDot = character == '.' && char.IsAsciiDigit(window[end + 1]);
            if (!isDot && character != ':' && !CharacterClasses.Is(character, CharacterClass.Hex))
                break;
            colons += character == ':' ? 1 : 0;
            dots += isDot ? 1 : 0;
        }

        while (end > start && window[end - 1] == ':' && window[end - 2] != ':')
            end--;
        if (colons < 2 && dots != 3)
            return null;
        if (dots == 3 && !IPAddress.TryParse(window.Text[start..end], out _))
            CutLabelAndPort(ref window, ref start, ref end);
        if (IsInside(ref window, start) || CharacterClasses.Is(window[end], CharacterClass.Name) || end - start > MostLength)
            return null;

        var text = window.Text[start..end];
        return IPAddress.TryParse(text, out _) && (colons > 1 || !IsVersion(ref window, start, text)) ? new Finding(SensitiveKind.Ip, start, end) : null;
    }

    private static void CutLabelAndPort(ref TextWindow window, ref int start, ref int end)
    {
        var text = window.Text[start..end];
        var dot = text.IndexOf('.');
        if (text[dot..].IndexOf(':') is > 0 and var port)
            end = start + dot + port;
        start += text[..dot].LastIndexOf(':') + 1;
    }

    /// <summary>Whether a word goes on to the left: a setting's <c>=</c> and a URL's <c>//</c> end it, before a version stands <c>/</c> or <c>==</c>.</summary>
    private static bool IsInside(ref TextWindow window, int start) =>
        CharacterClasses.Is(window[start - 1], CharacterClass.Any)
        && !(window[start - 1] == '=' && window[start - 2] != '=')
        && !(window[start - 1] == '/' && window[start - 2] == '/');

    private static bool IsVersion(ref TextWindow window, int start, ReadOnlySpan<char> text) =>
        text.Length == "1.2.3.4".Length
        || window.Text[Math.Max(0, start - VersionReach)..start].Contains("version", StringComparison.OrdinalIgnoreCase);
}
