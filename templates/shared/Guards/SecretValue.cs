using System.Buffers;

namespace Acme.App.Guards;

/// <summary>Tells random values from names, hashes and what people write in a value's place.</summary>
internal static class SecretValue
{
    private const int MostDigitsOfName = 4;
    private const int LongestPlaceholder = 80;
    private const int MostOrdered = 5;
    private const int LeastRandom = 8;
    private const int LeastWord = 3;
    private const char LastCyrillic = '\u04ff';
    private static readonly SearchValues<string> s_placeholders = SearchValues.Create(
        [
            "example", "placeholder", "changeme", "your", "xxxx", "redacted", "sample", "dummy", "insert", "todo", "cleartext", "plaintext", "...", "****",
            "required|", "base64enc", "base64url", "${", "{{", "$(", "abcdefgh", "123456789012", "process.env", "environ", "getenv",
            "%(", "op://", "vault:", "secretsmanager", "/secrets/", "arn:aws",
        ],
        StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> s_passwordMarks = SearchValues.Create("!@#$%^&*~?+=");
    private static readonly SearchValues<char> s_letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    private static readonly SearchValues<char> s_memberLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<string> s_keyPlaceholders = SearchValues.Create(
        ["fake", "test", "mock", "demo", "token", "secret", "here"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Judges the value beside a name that promises a secret.</summary>
    public static bool IsSecret(ReadOnlySpan<char> value, SecretPromise promise, bool isQuoted)
    {
        // Scripts that write no spaces would make a password of every sentence.
        var last = promise >= SecretPromise.Pass ? LastCyrillic : '~';
        if (!IsPlausible(value) || value.ContainsAnyExceptInRange('!', last) || (!isQuoted && value.ContainsAny("([{")))
            return false;

        var (digits, capitals, smalls) = (0, 0, 0);
        foreach (var character in value)
        {
            digits += char.IsAsciiDigit(character) ? 1 : 0;
            capitals += char.IsAsciiLetterUpper(character) ? 1 : 0;
            smalls += char.IsAsciiLetterLower(character) ? 1 : 0;
        }

        var entropy = Entropy(value);
        return promise switch
        {
            SecretPromise.Pass when !isQuoted && (smalls == 0 || char.IsAsciiDigit(value[0]) || value.Contains('/')) => false,
            SecretPromise.Pass or SecretPromise.Password when !isQuoted && IsDeclaration(value, capitals + smalls) => false,
            SecretPromise.Pass or SecretPromise.Password => value.Length >= 6 && (digits > 0 || (capitals + smalls > 0 && value.ContainsAny(s_passwordMarks))),
            _ when !isQuoted && IsIdentifier(value, capitals) => false,
            SecretPromise.Token => (value.Length >= 10 && LongestMixedRun(value) >= LeastRandom && entropy >= 2.5)
                || (value.Length >= 15 && digits == value.Length && entropy >= 2.2)
                || (value.Length >= 20 && capitals > 2 && smalls > 2 && digits + capitals + smalls == value.Length && entropy >= 3.6
                    && !IsIdentifier(value, capitals)),
            _ => value.Length >= 16 && LongestMixedRun(value) >= 12 && entropy >= 3.5 && !IsNameOfAnEntry(value),
        };
    }

    /// <summary>Judges what stands between a user's name and a host; <c>user:password@host</c> is how people write that there is one.</summary>
    public static bool IsPasswordInUrl(ReadOnlySpan<char> value) =>
        IsPlausible(value) && value is not ("secret" or "token")
        && (value.ContainsAnyExcept(s_letters) || SecretName.Judge(value) < SecretPromise.Pass);

    /// <summary>Whether the value stands for itself: no variable, no template, nothing to be replaced.</summary>
    public static bool IsPlausible(ReadOnlySpan<char> value) =>
        value.Length > 0 && value[0] is not ('$' or '<' or '{' or '[' or '*' or '(')
        && !(value[0] == '%' && value[^1] == '%') && !IsPlaceholder(value, ofKey: false);

    /// <summary>Whether a value is too regular for a secret, or put there for somebody to replace.</summary>
    public static bool IsPlaceholder(ReadOnlySpan<char> value, bool ofKey) =>
        Entropy(value) < (!ofKey ? 1.5 : value.Length < 20 ? 2.4 : 2.8)
        || (value.Length <= LongestPlaceholder && (value.ContainsAny(s_placeholders) || (ofKey && (value.ContainsAny(s_keyPlaceholders) || IsOrdered(value)))));

    /// <summary>Whether a value is the name of something in code, as <c>StatusCodes.Status429TooManyRequests</c>: words and one short number.</summary>
    private static bool IsIdentifier(ReadOnlySpan<char> value, int capitals)
    {
        var previous = '.';
        foreach (var character in value)
        {
            if ((!char.IsAsciiLetterOrDigit(character) && character is not ('.' or '_' or '$')) || (previous == '.' && !char.IsAsciiLetter(character)))
                return false;
            previous = character;
        }

        var firstDigit = value.IndexOfAnyInRange('0', '9');
        return capitals > 1 && capitals * LeastWord <= value.Length
            && (firstDigit < 0 || value.LastIndexOfAnyInRange('0', '9') - firstDigit < MostDigitsOfName);
    }

    /// <summary>Whether it is what code and settings write behind a password's name: a type, a tag of YAML, a path or a member of such a name.</summary>
    private static bool IsDeclaration(ReadOnlySpan<char> value, int letters) =>
        (value[0] == '!' && letters == value.Length - 1) || (value[0] == '/' && LongestMixedRun(value) < LeastRandom)
        || value.Contains("?.", StringComparison.Ordinal) || value.TrimEnd("?!").Equals("string", StringComparison.OrdinalIgnoreCase)
        || (value.IndexOf('.') > 0 && SecretName.Judge(value[(value.LastIndexOf('.') + 1)..]) >= SecretPromise.Pass);

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

    /// <summary>Whether a stretch counts up or down or stays the same, as no random value does; zero bytes alone are many As in base64.</summary>
    private static bool IsOrdered(ReadOnlySpan<char> value)
    {
        var (length, step) = (1, 0);
        for (var index = 1; index < value.Length && length <= MostOrdered; index++)
        {
            var next = value[index] - value[index - 1];
            var isOrdered = next is 1 or -1 || (next == 0 && value[index] != 'A');
            length = !isOrdered ? 1 : next == step ? length + 1 : 2;
            step = next;
        }

        return length > MostOrdered;
    }

    /// <summary>Whether a key names an entry in a cache or a store: a hash behind some words, parts with colons between, a file.</summary>
    private static bool IsNameOfAnEntry(ReadOnlySpan<char> value)
    {
        if (IsHashOrUuid(value) || value.Contains(':'))
            return true;
        var dot = value.LastIndexOf('.');
        if (dot > 0 && value.Length - dot is >= 3 and <= 5 && value[..dot].Contains('/') && !value[(dot + 1)..].ContainsAnyExceptInRange('a', 'z'))
            return true;
        var dash = value.LastIndexOf('-');
        return dash > 0 && IsHashOrUuid(value[(dash + 1)..]);
    }

    /// <summary>Whether it is a member of an object, as <c>textBox2.Text</c>: names with dots between, of which the last has letters alone.</summary>
    public static bool IsMember(ReadOnlySpan<char> value)
    {
        var last = value.LastIndexOf('.');
        if (last <= 0 || last == value.Length - 1 || value[(last + 1)..].ContainsAnyExcept(s_memberLetters))
            return false;
        var previous = '.';
        foreach (var character in value[..last])
        {
            if (!CharacterClasses.Is(character, CharacterClass.Word) && character is not ('_' or '.'))
                return false;
            if (previous == '.' && !char.IsAsciiLetter(character) && character != '_')
                return false;
            previous = character;
        }

        return true;
    }

    private static bool IsHashOrUuid(ReadOnlySpan<char> value) =>
        Guid.TryParse(value, out _) || (value.Length is 32 or 40 or 64 or 128 && !value.ContainsAnyExcept(s_hexDigits));

    /// <summary>Shannon's entropy in bits for each character.</summary>
    private static double Entropy(ReadOnlySpan<char> value)
    {
        Span<int> counts = stackalloc int[128];
        counts.Clear();
        foreach (var character in value)
            counts[character & 127]++;

        var sum = 0.0;
        foreach (var count in counts)
            sum += count > 1 ? count * Math.Log2(count) : 0;
        return value.Length == 0 ? 0 : Math.Log2(value.Length) - (sum / value.Length);
    }
}
