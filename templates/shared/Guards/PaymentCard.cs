namespace Acme.App.Guards;

/// <summary>What a payment card's number looks like: a network's first digits, its lengths, and Luhn's sum; and no article's number.</summary>
internal static class PaymentCard
{
    /// <summary>A French establishment's number (SIRET): that of its company (SIREN) with Luhn's sum, and five digits more.</summary>
    public static bool IsEstablishment(ReadOnlySpan<byte> digits) => digits.Length == 14 && HasLuhnSum(digits[..9]);

    /// <param name="isAnnounced">Whether a word before says that it is a card: short ones of Maestro look like accounts and orders.</param>
    public static bool IsNumber(ReadOnlySpan<byte> digits, bool isAnnounced) =>
        digits.Length >= 12 && IsOfNetwork(digits, isAnnounced ? 12 : 16) && HasLuhnSum(digits) && !IsArticle(digits);

    private static bool IsOfNetwork(ReadOnlySpan<byte> digits, int leastOfMaestro)
    {
        var first4 = (digits[0] * 1000) + (digits[1] * 100) + (digits[2] * 10) + digits[3];
        var length = digits.Length;
        return first4 switch
        {
            >= 4000 and <= 4999 => length is 13 or 16 or 19,
            (>= 5100 and <= 5599) or (>= 2221 and <= 2720) => length == 16,
            (>= 3400 and <= 3499) or (>= 3700 and <= 3799) or 1800 or 2131 => length == 15,
            (>= 3000 and <= 3059) or (>= 3600 and <= 3699) or (>= 3800 and <= 3999) or 3095 => length is 14 or 16 or 19,
            >= 3500 and <= 3599 => length is >= 16 and <= 19,
            >= 2200 and <= 2204 => length is >= 16 and <= 19,
            604 or (>= 5000 and <= 5099) or (>= 5600 and <= 5899) or (>= 6000 and <= 6999) or (>= 8100 and <= 8171) => length >= leastOfMaestro && length <= 19,
            _ => false,
        };
    }

    private static bool HasLuhnSum(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var index = 0; index < digits.Length; index++)
        {
            var digit = digits[digits.Length - 1 - index] << (index & 1);
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>A barcode's number (GTIN-13) by GS1's check digit. Every tenth has Luhn's sum as well, and cards that short are no longer issued.</summary>
    private static bool IsArticle(ReadOnlySpan<byte> digits)
    {
        if (digits.Length > 13)
            return false;
        var sum = 0;
        for (var index = 0; index < digits.Length; index++)
            sum += digits[digits.Length - 1 - index] * (1 + ((index & 1) * 2));
        return sum % 10 == 0;
    }
}
