using System.Globalization;
using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// Reads as ASCII what has another form in the Basic Multilingual Plane: full-width letters, digits and the signs of values, as East Asian keyboards
/// write them, and the digits of every script. Each character stays one, so that a place in the one text is the same in the other.
/// </summary>
internal static class AsciiForms
{
    private const char FirstDigit = '\u0660';
    private const char WideSpace = '\u3000';
    private const char FirstWide = '\uff01';
    private const char LastWide = '\uff5e';

    // Brackets, quotes and colons stay: no page takes wide ones for markup.
    private const string Signs = "@.-_+";

    /// <summary>Gives the same instance when there is nothing to read in another way.</summary>
    public static string Read(string text)
    {
        char[]? read = null;
        for (var index = Ascii.IsValid(text) ? text.Length : 0; index < text.Length; index++)
            if (FormOf(text[index]) is var form && form != text[index])
                (read ??= text.ToCharArray())[index] = form;
        return read is null ? text : new string(read);
    }

    private static char FormOf(char character)
    {
        if (character < FirstDigit)
            return character;
        if (char.IsDigit(character))
            return (char)('0' + CharUnicodeInfo.GetDecimalDigitValue(character));
        var narrow = character is >= FirstWide and <= LastWide ? (char)(character - FirstWide + '!') : character;
        return character == WideSpace ? ' ' : char.IsAsciiLetter(narrow) || Signs.Contains(narrow) ? narrow : character;
    }
}
