using System.Buffers;

namespace Acme.App.Guards;

/// <summary>A private key in PEM (RFC 7468), PGP or OpenSSH armour, with its end or cut off.</summary>
internal static class PrivateKeyBlock
{
    private const int MostBody = 16_384;
    private const int LeastBody = 40;
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";
    private const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    private static readonly SearchValues<char> Body = SearchValues.Create(Base64);
    private static readonly SearchValues<char> BodyOnLines = SearchValues.Create(Base64 + "-_.~%\r\n\\");

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
        if (end < 0)
            end = rest.IndexOfAnyExcept(BodyOnLines) is var cutOff and >= 0 ? cutOff : rest.Length;
        if (rest[..end].CountAny(Body) < LeastBody)
            return null;
        return new Finding(SensitiveKind.Secret, at, body + (close < 0 ? end : end + End.Length + close + Dashes.Length));
    }
}
