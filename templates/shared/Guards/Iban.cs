namespace Acme.App.Guards;

/// <summary>An international bank account number: the country's length, and the remainder 1 modulo 97 (ISO 13616).</summary>
internal static class Iban
{
    private const string Lengths =
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28"
        + "HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25"
        + "QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20";

    public static Finding? Find(ref TextWindow window, int start)
    {
        if (!char.IsAsciiLetter(window[start]) || !char.IsAsciiLetter(window[start + 1])
            || !char.IsAsciiDigit(window[start + 2]) || !char.IsAsciiDigit(window[start + 3]))
            return null;

        var length = LengthIn(window[start], window[start + 1]);
        Span<char> number = stackalloc char[34];
        var end = start;
        for (var read = 0; read < length; read++)
        {
            if (read > 0 && (window[end] is ' ' or '-' || DigitGroups.IsTypographic(window[end])))
                end++;
            if (!CharacterClasses.Is(window[end], CharacterClass.Word))
                return null;
            number[read] = window[end++];
        }

        return length > 0 && !CharacterClasses.Is(window[end], CharacterClass.Word) && Remainder(number[..length]) == 1
            ? new Finding(SensitiveKind.Iban, start, end)
            : null;
    }

    private static int LengthIn(char first, char second)
    {
        var index = Lengths.AsSpan().IndexOf([(char)(first & ~' '), (char)(second & ~' ')]);
        return index < 0 ? 0 : ((Lengths[index + 2] - '0') * 10) + Lengths[index + 3] - '0';
    }

    private static int Remainder(ReadOnlySpan<char> number)
    {
        var remainder = 0;
        for (var index = 0; index < number.Length; index++)
        {
            var character = number[(index + 4) % number.Length];
            var value = char.IsAsciiDigit(character) ? character - '0' : (character & ~' ') - 'A' + 10;
            remainder = ((remainder * (value > 9 ? 100 : 10)) + value) % 97;
        }

        return remainder;
    }
}
