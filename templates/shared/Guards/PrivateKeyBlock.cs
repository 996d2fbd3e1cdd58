namespace Acme.App.Guards;

/// <summary>A private key in PEM (RFC 7468), PGP or OpenSSH armour, with its end or cut off.</summary>
internal static class PrivateKeyBlock
{
    private const int MostBody = 16_384;
    private const int LeastBody = 40;
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";

    public static Finding? Find(ref TextWindow window, int at)
    {
        if (!window.Holds(at, Begin))
            return null;

        var body = at + Begin.Length;
        while (body - at < TextWindow.Left && window[body] is (>= 'A' and <= 'Z') or ' ')
            body++;
        if (!window.Text[at..body].Contains("PRIVATE KEY", StringComparison.Ordinal))
            return null;

        var rest = window.Text[body..Math.Min(window.Text.Length, body + MostBody)];
        var end = rest.IndexOf(End, StringComparison.Ordinal);
        var close = end < 0 ? -1 : rest[(end + End.Length)..].IndexOf(Dashes, StringComparison.Ordinal);
        if (close < 0)
            _ = window[body + MostBody];
        end = end < 0 ? CutOff(rest) : end;
        if (CountOfBase64(rest[..end]) < LeastBody)
            return null;
        return new Finding(SensitiveKind.Secret, at, body + (close < 0 ? end : end + End.Length + close + Dashes.Length));
    }

    private static int CutOff(ReadOnlySpan<char> rest)
    {
        var end = 0;
        while (end < rest.Length && (CharacterClasses.Of(rest[end]) != CharacterClass.None || rest[end] is '\r' or '\n' or '\\'))
            end++;
        return end;
    }

    private static int CountOfBase64(ReadOnlySpan<char> body)
    {
        var count = 0;
        foreach (var character in body)
            count += CharacterClasses.Is(character, CharacterClass.Word | CharacterClass.Base64) ? 1 : 0;
        return count;
    }
}
