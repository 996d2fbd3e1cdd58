using System.Buffers;
using System.Runtime.CompilerServices;

namespace Acme.App.Guards;

/// <summary>Digits with what people put between them, read once and judged as a card, a social security number or a phone number.</summary>
internal readonly struct DigitGroups
{
    /// <summary>What joins digits to one number. In a row of values a comma parts cards, of which none has one within.</summary>
    private const string CardJoints = ".-_";
    private const string PhoneJoints = CardJoints + ",";

    private const int Most = 12;
    private const int MostDigits = 20;
    private const int MostBetween = 3;
    private const int MostBeside = 2;
    private const int SizeOfGroup = 4;
    private const int CardGroups = 4;
    private const int MostPhoneDigits = 15;
    private const int MostExtension = 5;
    private const int LabelReach = 16;
    private const int CardLabelReach = 32;
    private static readonly SearchValues<string> s_cardLabels =
        SearchValues.Create(["card", "credit", "debit", "maestro", "karte", "carte", "tarjeta", "kaart"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> s_phoneLabels = SearchValues.Create(
        ["phone", "tel", "mobile", "fax", "call", "cell", "handy", "whatsapp", "desk", "sms"], StringComparison.OrdinalIgnoreCase);

    private readonly InlineArray12<Range> _groups;
    private readonly int _start;
    private readonly int _count;
    private readonly bool _isBehindEscape;

    /// <param name="window">The text.</param>
    /// <param name="start">The first digit.</param>
    /// <param name="isBehindEscape">Whether an escape's last letter stands before it, and no part of a number.</param>
    public DigitGroups(ref TextWindow window, int start, bool isBehindEscape = false)
    {
        (_start, _isBehindEscape) = (start, isBehindEscape);
        var (at, digits) = (start, 0);
        while (_count < Most && char.IsAsciiDigit(window[at]))
        {
            var group = at;
            while (char.IsAsciiDigit(window[at]) && digits <= MostDigits)
                (at, digits) = (at + 1, digits + 1);
            _groups[_count++] = group..at;
            for (var skipped = 0; skipped < MostBetween && (window[at] is ' ' or '-' or '.' or '(' or ')' or '/' || IsTypographic(window[at])); skipped++)
                at++;
        }
    }

    /// <summary>The longest run of whole groups, 12 to 19 digits with one kind of separator, that is a card's number by its network and Luhn's sum.</summary>
    public Finding? FindCard(ref TextWindow window, int floor)
    {
        if (SizeOf(0) < SizeOfGroup || IsPartOfNumber(ref window, _start, CardJoints))
            return null;

        Span<byte> digits = stackalloc byte[20];
        Finding? longest = null;
        var isAnnounced = window.Text[Math.Max(0, _start - CardLabelReach).._start].ContainsAny(s_cardLabels);
        var read = 0;
        for (var group = 0; group < _count; group++)
        {
            var (from, to) = (_groups[group].Start.Value, _groups[group].End.Value);
            if (read + to - from > 19 || (group > 0 && !(HasGapOfFirst(ref window, group) && MaySeparate(Gap(ref window, group)))))
                break;
            foreach (var digit in window.Text[from..to])
                digits[read++] = (byte)(digit - '0');
            if (IsGroupedAsCard(group) && PaymentCard.IsNumber(digits[..read], isAnnounced) && EndsAt(ref window, to, CardJoints)
                && !IsDialled(ref window, read) && !IsInRow(ref window, group, floor)
                && !(group == 0 && PaymentCard.IsEstablishment(digits[..read])))
                longest = new Finding(SensitiveKind.Card, _start, to);
        }

        return longest;
    }

    /// <summary>A plus and at most 15 digits are a phone number (E.164); behind a word a plus is a form's space.</summary>
    private bool IsDialled(ref TextWindow window, int digits) =>
        digits <= MostPhoneDigits && window[_start - 1] == '+' && !CharacterClasses.Is(window[_start - 2], CharacterClass.Word);

    /// <summary>As networks print their numbers: in fours, or in four, six and five or four.</summary>
    private bool IsGroupedAsCard(int last)
    {
        if (last == 0 || (last == 2 && SizeOf(0) == SizeOfGroup && SizeOf(1) == 6 && SizeOf(2) is SizeOfGroup or 5))
            return true;
        for (var group = 0; group < last; group++)
            if (SizeOf(group) != SizeOfGroup)
                return false;
        return last >= CardGroups - 1 && SizeOf(last) <= SizeOfGroup;
    }

    /// <summary>AAA-GG-SSSS, of areas, groups and serials that the Social Security Administration issues.</summary>
    public Finding? FindSocialSecurityNumber(ref TextWindow window)
    {
        if (_count < 3 || SizeOf(0) != 3 || SizeOf(1) != 2 || SizeOf(2) != 4 || IsPartOfNumber(ref window, _start, CardJoints))
            return null;

        var text = window.Text[_start.._groups[2].End.Value];
        return text.Length == 11 && (text[3] == '-' || IsTypographic(text[3])) && text[6] == text[3] && EndsAt(ref window, _start + 11, CardJoints)
            && text[..3] is not ("000" or "666") && text[0] != '9' && text[4..6] is not "00" && text[7..] is not "0000"
            ? new Finding(SensitiveKind.Ssn, _start, _start + 11)
            : null;
    }

    /// <summary>With a plus, as North America or a trunk's zero group it, or beside a word that announces it; bare digits are an order or an account.</summary>
    public Finding? FindPhone(ref TextWindow window, int floor)
    {
        var start = _start > floor && window[_start - 1] is '+' or '(' ? _start - 1 : _start;
        if (IsPartOfNumber(ref window, start, PhoneJoints))
            return null;

        var digits = 0;
        for (var group = 0; group < _count; group++)
            digits += SizeOf(group);
        var last = _groups[_count - 1].End.Value;
        var fits = digits switch
        {
            >= 8 and <= MostPhoneDigits when window[start] == '+' || window.Text[start..last] is ['0', '0', not '0', ..] => true,
            10 or 11 when _count >= 3 && SizeOf(_count - 1) == 4 && SizeOf(_count - 2) == 3 && SizeOf(_count - 3) == 3 => true,
            >= 9 and <= 11 when _count > 1 && window[_start] == '0' && window[_start + 1] != '0' && (SizeOf(0) > 2 || IsInPairs(ref window)) => true,
            >= 7 and <= MostPhoneDigits => window.Text[Math.Max(0, start - LabelReach)..start].ContainsAny(s_phoneLabels),
            _ => false,
        };
        var end = last + 1;
        while (window[last] is 'x' or 'X' && end - last <= MostExtension && char.IsAsciiDigit(window[end]))
            end++;
        end = end > last + 1 ? end : last;
        return fits && EndsAt(ref window, end, PhoneJoints) ? new Finding(SensitiveKind.Phone, start, end) : null;
    }

    private static bool MaySeparate(ReadOnlySpan<char> gap) =>
        gap is " " or "-" or "." or "  " or " - " or " \u2013 " || (gap.Length is 1 or 2 && IsTypographic(gap[0]) && gap[^1] == gap[0]);

    /// <summary>Spaces and hyphens that do not break a line, and dashes, as word processors and models write them.</summary>
    public static bool IsTypographic(char character) => character is '\u00a0' or '\u2007' or '\u2009' or '\u202f' or (>= '\u2010' and <= '\u2013') or '\u2212';

    /// <summary>Whether more numbers of four digits stand beside it than belong to one card: it is a part of a table's row, unless a card follows.</summary>
    private bool IsInRow(ref TextWindow window, int last, int floor)
    {
        if (last == 0)
            return false;
        if (IsRound(ref window, last))
            return true;
        var gap = Gap(ref window, 1);
        var (end, step, beside) = (_groups[last].End.Value, gap.Length + SizeOfGroup, 0);
        while (beside < CardGroups && window.Holds(end + (beside * step), gap) && IsGroup(ref window, end + (beside * step) + gap.Length))
            beside++;
        if (beside == CardGroups && IsCard(ref window, end, step))
            return false;
        for (var at = _start - step; beside < MostBeside && at >= floor && IsGroup(ref window, at) && window.Holds(at + SizeOfGroup, gap); at -= step)
            beside++;
        return beside >= MostBeside;
    }

    /// <summary>Whether each group ends in a zero, as amounts do.</summary>
    private bool IsRound(ref TextWindow window, int last)
    {
        for (var group = 0; group <= last; group++)
            if (window[_groups[group].End.Value - 1] != '0')
                return false;
        return true;
    }

    /// <summary>A dump's rows have hexadecimal digits as well.</summary>
    private static bool IsGroup(ref TextWindow window, int at) => window.On(at, CharacterClass.Hex, SizeOfGroup + 1) == at + SizeOfGroup;

    /// <summary>Whether four groups, each behind its gap, are a card's number.</summary>
    private static bool IsCard(ref TextWindow window, int at, int step)
    {
        Span<byte> digits = stackalloc byte[CardGroups * SizeOfGroup];
        for (var index = 0; index < digits.Length; index++)
        {
            var digit = window[at + ((index / SizeOfGroup) * step) + step - SizeOfGroup + (index % SizeOfGroup)];
            if (!char.IsAsciiDigit(digit))
                return false;
            digits[index] = (byte)(digit - '0');
        }

        return PaymentCard.IsNumber(digits, isAnnounced: false);
    }

    private ReadOnlySpan<char> Gap(ref TextWindow window, int group) => window.Text[_groups[group - 1].End.Value.._groups[group].Start.Value];

    private bool HasGapOfFirst(ref TextWindow window, int group) => Gap(ref window, group).SequenceEqual(Gap(ref window, 1));

    /// <summary>06 12 34 56 78, and no date with its time: one kind of gap.</summary>
    private bool IsInPairs(ref TextWindow window)
    {
        var group = _count - 1;
        while (group > 0 && SizeOf(group) == 2 && HasGapOfFirst(ref window, group))
            group--;
        return group == 0 && _count == 5;
    }

    private int SizeOf(int group) => _groups[group].End.Value - _groups[group].Start.Value;

    /// <summary>Whether digits go on to the left over a joint, as in a decimal, a UUID or a version.</summary>
    private bool IsPartOfNumber(ref TextWindow window, int start, string joints) => !_isBehindEscape
        && (CharacterClasses.Is(window[start - 1], CharacterClass.Word)
        || (joints.Contains(window[start - 1]) && CharacterClasses.Is(window[start - 2], CharacterClass.Digit)));

    private static bool EndsAt(ref TextWindow window, int end, string joints) =>
        !CharacterClasses.Is(window[end], CharacterClass.Word)
        && !(joints.Contains(window[end]) && CharacterClasses.Is(window[end + 1], CharacterClass.Digit));
}
