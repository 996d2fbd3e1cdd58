using System.Globalization;

namespace Acme.App.Guards;

/// <summary>A style's function, whose name may have letters as their numbers (CSS Syntax Module Level 3, section 4.3.7).</summary>
internal static class CssFunction
{
    private const int MostHex = 6;

    // The longest name with each letter as six digits, the slash before and the space behind.
    private const int MostName = 160;

    /// <summary>Whether it stands before a bracket, perhaps with a browser's prefix.</summary>
    public static bool StandsBefore(ref TextWindow window, int at, string function, bool mayHavePrefix = false)
    {
        scoped var before = window.Text[Math.Max(0, at - MostName)..at];
        Span<char> read = stackalloc char[MostName];
        if (before.Contains('\\'))
            before = read[..Read(before, read)];
        var start = before.Length;
        while (start > 0 && IsOfName(before[start - 1]))
            start--;
        var name = before[start..];
        if (IsMade(before[..start]))
            return false;
        return (start == 0 || before[start - 1] != '.') && name.EndsWith(function, StringComparison.OrdinalIgnoreCase)
            && (name.Length == function.Length || (mayHavePrefix && name[0] == '-'));
    }

    private static bool IsOfName(char character) =>
        CharacterClasses.Is(character, CharacterClass.Name) || (!char.IsAscii(character) && char.IsLetter(character));

    /// <summary>Whether code makes an object there, as <c>= new URL("…")</c>: no style has a value in such a place.</summary>
    private static bool IsMade(ReadOnlySpan<char> before)
    {
        var ahead = before.TrimEnd(' ');
        if (ahead.Length == before.Length || !ahead.EndsWith("new", StringComparison.Ordinal) || ahead[..^3] is not [.., ' ' or '(' or '['])
            return false;
        ahead = ahead[..^3].TrimEnd(' ');
        return ahead is [.., '=' or '(' or '[' or ',' or '>'] || ahead.EndsWith("return", StringComparison.Ordinal);
    }

    /// <returns>How many characters were read.</returns>
    private static int Read(ReadOnlySpan<char> text, Span<char> read)
    {
        var length = 0;
        for (var index = 0; index < text.Length; length++)
        {
            var hex = index + 1;
            while (text[index] == '\\' && hex < text.Length && hex - index <= MostHex && char.IsAsciiHexDigit(text[hex]))
                hex++;
            if (hex > index + 1)
            {
                read[length] = (char)int.Parse(text[(index + 1)..hex], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                index = hex + (hex < text.Length && text[hex] is ' ' or '\t' or '\n' ? 1 : 0);
                continue;
            }

            index += text[index] == '\\' && hex < text.Length ? 1 : 0;
            read[length] = text[index++];
        }

        return length;
    }
}
