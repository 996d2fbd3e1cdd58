using System.Buffers;
using System.Globalization;
using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// An e-mail address as people write them (RFC 5322, 6531): a local part, also of another alphabet or in quotes, and a domain with a top level
/// of letters. Of a local part that spaces divide, <c>"ada b"</c>, only the last word is taken. In scripts without spaces all that leads up
/// to the <c>@</c> is, since nothing tells the name from the words before it, unless it is longer than a name.
/// </summary>
internal static class EmailAddress
{
    private const int MostDomain = 255;
    private const int MostUnspaced = 16;

    /// <summary>What ends a file's name and no domain: <c>logo@2x.png</c>, <c>wg-quick@wg0.service</c>.</summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> s_fileEndings = new HashSet<string>(
        ["png", "jpg", "jpeg", "gif", "svg", "webp", "service", "socket", "timer", "mount", "slice", "tgz", "whl", "jar", "js", "ts", "json"],
        StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly SearchValues<char> s_letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static Finding? Find(ref TextWindow window, int at, int floor)
    {
        var local = window[at - 1] == '"' ? at - 1 : at;
        var start = local;
        var isUnspaced = IsUnspaced(window[local - 1]);
        var limit = isUnspaced ? Math.Max(floor, local - MostUnspaced) : floor;
        while (start > limit && (IsLocal(ref window, start - 1) || (isUnspaced && IsUnspaced(window[start - 1]))))
            start--;
        if (isUnspaced && IsUnspaced(window[start - 1]))
            start = local;
        else if (IsLocal(ref window, start - 1) && start == at - TextWindow.Left)
            return null;
        while (start < local && !IsWord(window[start]))
            start++;
        if (window[start - 1] == '\\' && window[start] is 'n' or 'r' or 't')
            start++;
        if (start >= local && !isUnspaced)
            return null;

        start -= local < at && start > floor && window[start - 1] == '"' ? 1 : 0;
        var end = EndOfDomain(ref window, at + 1);
        return end > 0 && !IsGitRemote(ref window, start, at, end) && window.Text[start..at] is not ("this" or "super")
            ? new Finding(SensitiveKind.Email, start, end)
            : null;
    }

    /// <summary><c>git@host:owner/name</c> and <c>ssh://git@host/owner</c> name a repository, and nobody.</summary>
    private static bool IsGitRemote(ref TextWindow window, int start, int at, int end) =>
        window.Text[start..at].Equals("git", StringComparison.OrdinalIgnoreCase)
        && (window[end] == '/' || (window[end] == ':' && window[end + 1] > ' '));

    /// <summary>Whether a character so many before the end of a text may be of an address whose <c>@</c> comes next.</summary>
    public static bool MayHold(char character, int distance) => IsForeign(character) && (distance <= MostUnspaced || !IsUnspaced(character));

    /// <summary>Whether a character is a letter, or an accent, of another alphabet.</summary>
    private static bool IsForeign(char character) => character > '\u00a9'
        && (char.IsLetter(character) || char.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark);

    /// <summary>Thai, Lao, Tibetan, Burmese, Khmer, Chinese and Japanese have no spaces between their words.</summary>
    private static bool IsUnspaced(char character) => IsForeign(character)
        && character is (>= '\u0e00' and <= '\u109f') or (>= '\u1780' and <= '\u17ff') or (>= '\u2e80' and <= '\u9fff')
            or (>= '\uf900' and <= '\ufaff') or >= '\uff66';

    private static bool IsWord(char character) => CharacterClasses.Is(character, CharacterClass.Word) || IsForeign(character);

    private static bool IsLocal(ref TextWindow window, int index) => window[index] switch
    {
        '.' or '%' or '+' => true,
        '\'' => IsWord(window[index - 1]) && IsWord(window[index + 1]),
        var character => CharacterClasses.Is(character, CharacterClass.Name) || (IsForeign(character) && !IsUnspaced(character)),
    };

    private static bool IsTopLevel(ReadOnlySpan<char> label) => !s_fileEndings.Contains(label) && IsDomain(label);

    private static bool IsDomain(ReadOnlySpan<char> label) => !label.ContainsAnyExcept(s_letters) || !label.ContainsAnyInRange('\0', '\u007f')
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
            var isForeign = IsForeign(character);
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
