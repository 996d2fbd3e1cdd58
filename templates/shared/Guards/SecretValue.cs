namespace Acme.App.Guards;

/// <summary>Judges the value beside a name that promises a secret.</summary>
internal static class SecretValue
{
    private const int MostDigitsOfName = 4;

    public static bool IsSecret(ReadOnlySpan<char> value, SecretPromise promise, bool isQuoted)
    {
        if (!IsPlausible(value) || (!isQuoted && value.ContainsAny("([{")))
            return false;

        var (digits, capitals, smalls, marks) = Count(value);
        if (digits + capitals + smalls == 0 || marks < 0 || (!isQuoted && promise != SecretPromise.Password && IsIdentifier(value)))
            return false;

        var isMixed = digits > 0 && capitals + smalls > 0;
        var entropy = Placeholder.Entropy(value);
        return promise switch
        {
            SecretPromise.Password => value.Length >= 6 && (digits > 0 || (marks > 0 && value.ContainsAny("!@#$%^&*~?+="))),
            SecretPromise.Token => (isMixed && LongestMixedRun(value) >= 8 && value.Length >= 10 && entropy >= 2.5)
                || (value.Length >= 15 && digits == value.Length && entropy >= 2.2)
                || (value.Length >= 20 && capitals > 2 && smalls > 2 && marks == 0 && entropy >= 3.6),
            _ => LongestMixedRun(value) >= 12 && value.Length >= 16 && entropy >= 3.5 && !IsHashOrUuid(value),
        };
    }

    /// <summary>Whether the value stands for itself: no variable, no template, nothing to be replaced.</summary>
    public static bool IsPlausible(ReadOnlySpan<char> value) =>
        value.Length > 0 && value[0] is not ('$' or '<' or '{' or '[' or '*' or '(') && !(value[0] == '%' && value[^1] == '%') && Placeholder.IsUnlikely(value, ofKey: false);

    /// <summary>Whether a value outside of quotes is the name of something in code, as <c>StatusCodes.Status429TooManyRequests</c>: words and one short number.</summary>
    private static bool IsIdentifier(ReadOnlySpan<char> value)
    {
        var (capitals, previous) = (0, '.');
        foreach (var character in value)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('.' or '_'))
                return false;
            var isCapital = char.IsAsciiLetterUpper(character);
            if ((isCapital && char.IsAsciiLetterUpper(previous)) || (previous == '.' && !char.IsAsciiLetter(character)))
                return false;
            capitals += isCapital ? 1 : 0;
            previous = character;
        }

        var firstDigit = value.IndexOfAnyInRange('0', '9');
        return capitals > 1 && (firstDigit < 0 || value.LastIndexOfAnyInRange('0', '9') - firstDigit < MostDigitsOfName);
    }

    /// <summary>The longest run of letters and digits with both in it: paths, versions and names made of words have short ones.</summary>
    private static int LongestMixedRun(ReadOnlySpan<char> value)
    {
        var longest = 0;
        for (var start = 0; start < value.Length; start++)
        {
            var (end, seen) = (start, CharacterClass.None);
            while (end < value.Length && CharacterClasses.Is(value[end], CharacterClass.Word))
                seen |= CharacterClasses.Of(value[end++]);
            if ((seen & CharacterClass.Digit) != 0 && (seen & CharacterClass.Letter) != 0)
                longest = Math.Max(longest, end - start);
            start = end;
        }

        return longest;
    }

    private static bool IsHashOrUuid(ReadOnlySpan<char> value) =>
        Guid.TryParse(value, out _) || (value.Length is 32 or 40 or 64 or 128 && !value.ContainsAnyExcept("0123456789abcdefABCDEF"));

    private static (int Digits, int Capitals, int Smalls, int Marks) Count(ReadOnlySpan<char> value)
    {
        var (digits, capitals, smalls, marks) = (0, 0, 0, 0);
        foreach (var character in value)
        {
            if (character is <= ' ' or > '~')
                return (0, 0, 0, -1);
            digits += char.IsAsciiDigit(character) ? 1 : 0;
            capitals += char.IsAsciiLetterUpper(character) ? 1 : 0;
            smalls += char.IsAsciiLetterLower(character) ? 1 : 0;
            marks += char.IsAsciiLetterOrDigit(character) ? 0 : 1;
        }

        return (digits, capitals, smalls, marks);
    }
}
