using System.Buffers;
using System.Globalization;
using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// An e-mail address as people write them (RFC 5322, 6531): a local part, also of another alphabet or in quotes, and a domain with a top level
/// of letters. Of a local part that spaces or no spaces divide, <c>"ada b"</c> or Chinese, only the last word or none is taken.
/// </summary>
internal static class EmailAddress
{
    private const int MostDomain = 255;
    private const char FirstForeign = '\u00aa';
    private const char FirstWithoutSpaces = '\u0e00';
    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static Finding? Find(ref TextWindow window, int at, int floor)
    {
        var local = window[at - 1] == '"' ? at - 1 : at;
        var start = local;
        while (start > floor && IsLocal(ref window, start - 1))
            start--;
        if (IsLocal(ref window, start - 1) && start == at - TextWindow.Left)
            return null;
        while (start < local && !IsWord(window[start]))
            start++;
        if (window[start - 1] == '\\' && window[start] is 'n' or 'r' or 't')
            start++;
        if (start >= local && !(window[at - 1] >= FirstWithoutSpaces && char.IsLetter(window[at - 1])))
            return null;

        start -= local < at && start > floor && window[start - 1] == '"' ? 1 : 0;
        var end = EndOfDomain(ref window, at + 1);
        return end > 0 ? new Finding(SensitiveKind.Email, start, end) : null;
    }

    /// <summary>Whether a character is a letter, or an accent, of another alphabet whose words spaces divide.</summary>
    public static bool IsForeign(char character) => character is >= FirstForeign and < FirstWithoutSpaces
        && (char.IsLetter(character) || char.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark);

    private static bool IsWord(char character) => CharacterClasses.Is(character, CharacterClass.Word) || IsForeign(character);

    private static bool IsLocal(ref TextWindow window, int index) => window[index] switch
    {
        '.' or '%' or '+' => true,
        '\'' => IsWord(window[index - 1]) && IsWord(window[index + 1]),
        var character => CharacterClasses.Is(character, CharacterClass.Name) || IsForeign(character),
    };

    private static bool IsTopLevel(ReadOnlySpan<char> label) => !label.ContainsAnyExcept(Letters) || !label.ContainsAnyInRange('\0', '\u007f')
        || (label.Length > 4 && label.StartsWith("xn--", StringComparison.OrdinalIgnoreCase) && Ascii.IsValid(label));

    private static int EndOfDomain(ref TextWindow window, int start)
    {
        var end = 0;
        var label = start;
        for (var index = start; index - start <= MostDomain; index++)
        {
            var character = window[index];
            if (CharacterClasses.Is(character, CharacterClass.Name))
                continue;

            // A letter of another script goes on with a name (IDNA), or ends the address in a text without spaces: what follows tells.
            var isForeign = IsForeign(character) || (character >= FirstWithoutSpaces && char.IsLetter(character));
            if (index == label && !isForeign)
                break;
            if (label > start && index - label >= 2 && IsTopLevel(window.Text[label..index]))
                end = index;
            if (isForeign)
                continue;
            if (character != '.')
                break;
            label = index + 1;
        }

        return end;
    }
}
