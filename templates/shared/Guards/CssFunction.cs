using System.Globalization;

namespace Acme.App.Guards;

/// <summary>A style's function, whose name may have letters as their numbers (CSS Syntax Module Level 3, section 4.3.7).</summary>
internal static class CssFunction
{
    private const int MostHex = 6;

    /// <summary>Whether it stands before a bracket, perhaps with a browser's prefix.</summary>
    public static bool StandsBefore(ref TextWindow window, int at, string function, bool mayHavePrefix = false)
    {
        scoped var before = window.Text[Math.Max(0, at - TextWindow.Left)..at];
        Span<char> read = stackalloc char[TextWindow.Left];
        if (before.Contains('\\'))
            before = read[..Read(before, read)];
        var start = before.Length;
        while (start > 0 && CharacterClasses.Is(before[start - 1], CharacterClass.Name))
            start--;
        var name = before[start..];
        return (start == 0 || before[start - 1] != '.') && name.EndsWith(function, StringComparison.OrdinalIgnoreCase)
            && (name.Length == function.Length || (mayHavePrefix && name[0] == '-'));
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
