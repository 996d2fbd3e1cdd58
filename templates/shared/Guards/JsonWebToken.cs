namespace Acme.App.Guards;

/// <summary>A JSON Web Token (RFC 7519): two parts that begin as base64url of <c>{"</c> do, and a signature that may be empty.</summary>
internal static class JsonWebToken
{
    private const int LeastPart = 17;

    public static Finding? Find(ref TextWindow window, int start)
    {
        if (ReadPart(ref window, start) is not { } first || window[first] != '.')
            return null;
        if (ReadPart(ref window, first + 1) is not { } second)
            return null;
        if (second - first > TextWindow.Right && window[second] != '.')
            return new Finding(SensitiveKind.Secret, start, second, CharacterClass.Any);
        if (window[second] != '.')
            return null;

        var end = window.On(second + 1, CharacterClass.Name);
        return new Finding(SensitiveKind.Secret, start, end, end - second > TextWindow.Right ? CharacterClass.Name : CharacterClass.None);
    }

    private static int? ReadPart(ref TextWindow window, int start)
    {
        if (window[start] != 'e' || window[start + 1] != 'y')
            return null;

        var end = window.On(start, CharacterClass.Name);
        return end - start >= LeastPart ? end : null;
    }
}
