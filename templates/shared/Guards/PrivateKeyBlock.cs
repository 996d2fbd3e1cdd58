using System.Buffers;

namespace Acme.App.Guards;

/// <summary>A private key in PEM (RFC 7468), PGP or OpenSSH armour, with its end or cut off.</summary>
internal static class PrivateKeyBlock
{
    private const int MostBody = 16_384;
    private const int MostBeforeBody = 200;
    private const int LeastBody = 40;
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";
    private const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    private static readonly SearchValues<char> s_body = SearchValues.Create(Base64 + "\r\n\\");
    private static readonly SearchValues<char> s_bodyOnLines = SearchValues.Create(Base64 + "-_.~%\r\n\\");

    private static readonly SearchValues<string> s_armourHeaders =
        SearchValues.Create(["Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Hash:"], StringComparison.Ordinal);

    public static Finding? Find(ref TextWindow window, int at)
    {
        if (!window.Holds(at, Begin))
            return null;

        var body = at + Begin.Length;
        while (body - at < TextWindow.Left && window[body] is (>= 'A' and <= 'Z') or ' ')
            body++;
        if (!window.Text[at..body].Contains("PRIVATE KEY", StringComparison.Ordinal))
            return null;

        // Whoever writes of keys names the line, and no key follows it.
        var first = window.Text[body..Math.Min(window.Text.Length, body + MostBeforeBody)];
        if (LongestRun(first) < LeastBody && !first.ContainsAny(s_armourHeaders))
        {
            _ = window[body + MostBeforeBody];
            return null;
        }

        var rest = window.Text[body..Math.Min(window.Text.Length, body + MostBody)];
        var end = FindEnd(rest);
        var close = end < 0 ? -1 : rest[(end + End.Length)..].IndexOf(Dashes, StringComparison.Ordinal);
        if (close < 0)
            _ = window[body + MostBody];
        if (end < 0)
            end = EndOfLines(rest);
        if (LongestRun(rest[..end]) < LeastBody)
            return null;
        if (close >= 0)
            return new Finding(SensitiveKind.Secret, at, body + end + End.Length + close + Dashes.Length);
        var goesOn = end == MostBody ? CharacterClass.Any | CharacterClass.LineEnd : CharacterClass.None;
        return new Finding(SensitiveKind.Secret, at, body + end, goesOn);
    }

    /// <summary>Where a cut-off key ends. Its lines may be indented, as in YAML.</summary>
    private static int EndOfLines(ReadOnlySpan<char> text)
    {
        var isIndent = false;
        for (var index = 0; index < text.Length; index++)
        {
            if (!s_bodyOnLines.Contains(text[index]) && !(isIndent && text[index] == ' '))
                return index;
            isIndent = text[index] == '\n' || (isIndent && text[index] == ' ');
        }

        return text.Length;
    }

    /// <summary>The end of a private key, and of nothing else, such as the certificate that stands behind it.</summary>
    private static int FindEnd(ReadOnlySpan<char> text)
    {
        for (var start = 0; text[start..].IndexOf(End, StringComparison.Ordinal) is var offset and >= 0; start += offset + End.Length)
        {
            var label = text[(start + offset + End.Length)..];
            if (label[..Math.Min(label.Length, TextWindow.Left)].Contains("PRIVATE KEY", StringComparison.Ordinal))
                return start + offset;
        }

        return -1;
    }

    /// <summary>The longest run of base64, however short its lines are: prose and code have spaces and marks between.</summary>
    private static int LongestRun(ReadOnlySpan<char> text)
    {
        var longest = 0;
        while (!text.IsEmpty)
        {
            var end = text.IndexOfAnyExcept(s_body) is var found and >= 0 ? found : text.Length;
            longest = Math.Max(longest, end);
            text = text[Math.Min(text.Length, end + 1)..];
        }

        return longest;
    }
}
