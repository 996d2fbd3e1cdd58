using System.Text.RegularExpressions;

namespace Acme.App.Guards;

/// <summary>Guards text whose letters may be written as JSON's escapes (RFC 8259, section 7), although it is no JSON as a whole.</summary>
internal static class EscapedText
{
    private static readonly Regex s_escape = new(@"\\+u([0-9A-Fa-f]{4})", RegexOptions.NonBacktracking);

    /// <summary>Gives the same text where nothing is found; one mask where a value shows only once all escapes are read.</summary>
    public static string GuardEscaped(this TextGuard guard, string? name, string text, ISet<SensitiveKind> kinds)
    {
        HashSet<SensitiveKind> found = [], hidden = [];
        var plain = s_escape.Replace(text, HarmlessLetter);
        var safe = guard.Apply(name, plain, found);
        if (s_escape.IsMatch(plain))
        {
            var bare = guard.WithoutHidden(plain);
            var masked = guard.WithoutHidden(Read(guard.Apply(name, bare, new HashSet<SensitiveKind>())));
            // What is found only where all was read before.
            if (guard.Apply(name, guard.WithoutHidden(Read(bare)), hidden) == masked)
                hidden.Clear();
        }

        kinds.UnionWith(found.Concat(hidden));
        // It cannot be masked where it stands.
        return hidden.Count > 0 ? RedactionFilter.MaskOf(hidden.First()) : found.Count > 0 ? safe : text;
    }

    private static string Read(string text) => s_escape.Replace(text, escape => LetterOf(escape).ToString());

    /// <summary>The letter that an escape writes, at any depth.</summary>
    private static char LetterOf(Match escape) => (char)Convert.ToUInt16(escape.Groups[1].Value, 16);

    /// <summary>That letter, unless it would end the string that it stands in.</summary>
    private static string HarmlessLetter(Match escape) =>
        LetterOf(escape) is var letter and >= ' ' and not ('"' or '\\') ? letter.ToString() : escape.Value;
}
