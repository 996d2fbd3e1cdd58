using System.Buffers;
using System.Text;

namespace Acme.App.Guards;

/// <summary>An e-mail address as people write them: a plain local part and a domain with a top level of letters.</summary>
internal static class EmailAddress
{
    private const int MostDomain = 255;
    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static Finding? Find(ref TextWindow window, int at, int floor)
    {
        var start = at;
        while (start > floor && IsLocal(window[start - 1]))
            start--;
        if (IsLocal(window[start - 1]) && start == at - TextWindow.Left)
            return null;
        while (start < at && !CharacterClasses.Is(window[start], CharacterClass.Word))
            start++;
        if (window[start - 1] == '\\' && window[start] is 'n' or 'r' or 't')
            start++;
        if (start >= at)
            return null;

        var end = EndOfDomain(ref window, at + 1);
        return end > 0 ? new Finding(SensitiveKind.Email, start, end) : null;
    }

    private static bool IsLocal(char character) => CharacterClasses.Is(character, CharacterClass.Name) || character is '.' or '%' or '+';

    private static bool IsTopLevel(ReadOnlySpan<char> label) => !label.ContainsAnyExcept(Letters)
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
            var isForeign = character >= 128 && char.IsLetter(character);
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
