namespace Acme.App.Guards;

/// <summary>
/// A JSON Web Token: signed (RFC 7515), two parts that begin as base64url of <c>{"</c> do and a signature that may be empty; or encrypted (RFC 7516), whose
/// second part may be empty or anything.
/// </summary>
internal static class JsonWebToken
{
    private const int LeastPart = 17;
    private const int LeastNonce = 16;
    private const int LeastSignature = 43;

    // {"alg", {"typ", {"kid", {"jwk", {"jku", {"x5c", {"x5t", {"x5u", {"cty":"JWT", {"enc":"A, {"zip":"DEF"
    private static readonly string[] s_headers =
    [
        "eyJhbGci", "eyJ0eXAi", "eyJraWQi", "eyJqd2si", "eyJqa3Ui", "eyJ4NWMi", "eyJ4NXQi", "eyJ4NXUi", "eyJjdHkiOiJKV1Qi", "eyJlbmMiOiJB",
        "eyJ6aXAiOiJERUYi",
    ];

    public static Finding? Find(ref TextWindow window, int start)
    {
        if (ReadPart(ref window, start) is not { } first)
            return null;
        var isHeader = BeginsAsHeader(window.Text[start..first]);
        // A certificate or a key in the header makes it longer than anybody looks on.
        if (isHeader && first - start == TextWindow.Right)
            return new Finding(SensitiveKind.Secret, start, first, CharacterClass.Any);
        if (window[first] != '.' || (isHeader ? window.On(first + 1, CharacterClass.Name) : ReadPart(ref window, first + 1)) is not { } second)
            return null;
        if (second - first > TextWindow.Right && window[second] != '.')
            return new Finding(SensitiveKind.Secret, start, second, CharacterClass.Any);
        if (window[second] != '.')
            return null;

        var end = window.On(second + 1, CharacterClass.Name);
        if (ReadPart(ref window, first + 1) is null)
        {
            var isSigned = end - second > LeastSignature;
            // An encrypted token has five parts, of which the third is short.
            var isEncrypted = end - second > LeastNonce && window[end] == '.' && CharacterClasses.Is(window[end + 1], CharacterClass.Name);
            return isSigned || isEncrypted ? new Finding(SensitiveKind.Secret, start, end, CharacterClass.Any) : null;
        }

        return new Finding(SensitiveKind.Secret, start, end, end - second > TextWindow.Right ? CharacterClass.Name : CharacterClass.None);
    }

    private static int? ReadPart(ref TextWindow window, int start)
    {
        if (window[start] != 'e' || window[start + 1] != 'y')
            return null;

        var end = window.On(start, CharacterClass.Name);
        return end - start >= LeastPart ? end : null;
    }

    private static bool BeginsAsHeader(ReadOnlySpan<char> part)
    {
        foreach (var header in s_headers)
            if (part.StartsWith(header, StringComparison.Ordinal))
                return true;
        return false;
    }
}
