using System.Buffers;

namespace Acme.App.Guards;

/// <summary>
/// Finds sensitive data in one pass: a vectorised search for the few characters that every kind must hold, then a bounded look around
/// each. No detector reads without bound, so the time grows with the length of the text and nothing else.
/// </summary>
internal sealed class SensitiveDataDetector
{
    private const int Hops = 6;
    private const int MostPlainDigits = 6;
    private static readonly SearchValues<char> s_anchors = SearchValues.Create("0123456789@:=>,_-");
    private static readonly SearchValues<char> s_anchorsOfLinksToo = SearchValues.Create("0123456789@:=>,_-](");

    private readonly List<KeyShape>?[] _shapes = new List<KeyShape>?[128];
    private readonly GuardMode[] _modes;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _allowed;
    private readonly SearchValues<char> _anchors;

    public SensitiveDataDetector(SensitiveDataOptions options, Func<GuardModes, GuardMode> direction, bool removesLinks = false)
    {
        _modes = [.. options.ToModes().Select(direction), removesLinks ? GuardMode.Mask : GuardMode.Allow];
        _allowed = options.AllowedValues.ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _anchors = removesLinks ? s_anchorsOfLinksToo : s_anchors;
        var own = options.Shapes.SelectMany(line => KeyShape.Parse(line, isOwn: true));
        foreach (var shape in KeyShape.ReadTable().SelectMany(line => KeyShape.Parse(line)).Concat(own))
            (_shapes[shape.First] ??= []).Add(shape);
    }

    public GuardMode ModeOf(SensitiveKind kind) => _modes[(int)kind];

    /// <summary>
    /// Looks for the next finding from <paramref name="position"/>. Without one, <paramref name="position"/> is where the search goes on when
    /// more text comes, and <paramref name="safe"/> is how far the text is settled: nothing before it can become part of a finding. What it
    /// decides depends on the text alone, never on where a stream was cut.
    /// </summary>
    public Finding? Next(ReadOnlySpan<char> text, bool isFinal, ref int position, ref int floor, out int safe)
    {
        var window = new TextWindow(text, isFinal);
        safe = text.Length;
        while (text[position..].IndexOfAny(_anchors) is var offset and >= 0)
        {
            position += offset;
            var next = position + 1;
            var finding = LookAround(ref window, position, Math.Max(floor, position - TextWindow.Left), ref next);
            if (window.IsTouched)
            {
                safe = LastWord(text[..(position + 1)], floor);
                return null;
            }

            // Whatever a look says, the search goes on.
            position = Math.Max(next, position + 1);
            if (finding is not { } found)
                continue;
            position = floor = found.End;
            if (!IsAllowed(text[found.Start..found.End]))
                return finding;
        }

        position = text.Length;
        if (!isFinal)
            safe = LastWord(text, floor);
        return null;
    }

    private bool IsAllowed(ReadOnlySpan<char> value) => _allowed.Contains(value) || PublishedValues.Contains(value);

    private bool Guards(SensitiveKind kind) => _modes[(int)kind] != GuardMode.Allow;

    private Finding? LookAround(ref TextWindow window, int at, int floor, ref int next)
    {
        switch (window[at])
        {
            case ']' or '=' or ':' or '(' or '@' when Guards(SensitiveKind.Link) && OutboundLink.Find(ref window, at, floor) is { } link:
                return link;
            case '@':
                return Guards(SensitiveKind.Email) ? EmailAddress.Find(ref window, at, floor) : null;
            case ']' or ':' or '=' or '>' or ',' or '-' or '_' when !Guards(SensitiveKind.Secret):
            case ']' or '(':
            case ',' when window[at - 1] is not ('"' or '\'' or '`'):
                return null;
            case ':' or '=' or '>' or ',':
                return SecretAssignment.Find(ref window, at, ref next);
            case '-' when PrivateKeyBlock.Find(ref window, at) is { } block:
                return block;
            case '-' when SecretMention.FindOption(ref window, at, ref next) is { } value:
                return value;
            case '-' or '_':
                // Behind Markdown's escape the word before is still the beginning.
                var before = window.Back(at > floor && window[at - 1] == '\\' ? at - 1 : at, CharacterClass.Word, floor);
                var mayBegin = (before < at ? !CharacterClasses.Is(window[before - 1], CharacterClass.Word) : window[at - 1] is '.' or '/')
                    && !window.Text[before..at].ContainsAnyInRange('0', '9');
                return mayBegin ? FindKey(ref window, before, floor) : null;
            default:
                return FindInRun(ref window, at, floor, ref next);
        }
    }

    private Finding? FindInRun(ref TextWindow window, int at, int floor, ref int next)
    {
        var start = window.Back(at, CharacterClass.Word, floor);
        next = window.On(next, CharacterClass.Word);
        if (CharacterClasses.Is(window[start - 1], CharacterClass.Word) || IsPlainNumber(ref window, start, next))
            return null;

        return (Guards(SensitiveKind.Secret) ? FindKey(ref window, start, floor) ?? SecretMention.Find(ref window, start, ref next) : null)
            ?? FindNumber(ref window, SkipEscape(ref window, start), start, floor);
    }

    /// <summary>Whether a few digits stand for themselves, as most numbers in prose do: nothing that follows makes them part of more.</summary>
    private static bool IsPlainNumber(ref TextWindow window, int start, int end) => end - start <= MostPlainDigits
        && !window.Text[start..end].ContainsAnyExceptInRange('0', '9')
        && window[start - 1] is ' ' or '\n' or '(' or ','
        && (window[end] is ',' or ';' || (window[end] == ' ' && char.IsAsciiLetter(window[end + 1]))
            || (window[end] is '.' or ':' && window[end + 1] is ' ' or '\n'));

    /// <param name="run">Where the run begins, with an escape before the number.</param>
    private Finding? FindNumber(ref TextWindow window, int start, int run, int floor)
    {
        if (Guards(SensitiveKind.Iban) && Iban.Find(ref window, start) is { } iban)
            return iban;
        if (Guards(SensitiveKind.Ip) && IpNumber.Find(ref window, start, floor) is { } ip)
            return ip;
        if (!char.IsAsciiDigit(window[start]))
            return null;

        var digits = new DigitGroups(ref window, start, isBehindEscape: start > run);
        return (Guards(SensitiveKind.Card) ? digits.FindCard(ref window, floor) : null)
            ?? (Guards(SensitiveKind.Ssn) ? digits.FindSocialSecurityNumber(ref window) : null)
            ?? (Guards(SensitiveKind.Phone) ? digits.FindPhone(ref window, floor) : null);
    }

    /// <summary>Tries the shapes at the start of a run of letters and digits and, where dots or slashes join runs, at the runs before it.</summary>
    private Finding? FindKey(ref TextWindow window, int start, int floor)
    {
        for (var hop = 0; hop <= Hops; hop++)
        {
            var from = SkipEscape(ref window, start);
            if ((MatchShape(ref window, from, window[from]) ?? MatchShape(ref window, from, '?') ?? MatchShape(ref window, from, '#')) is { } finding)
                return finding;
            if (JsonWebToken.Find(ref window, from) is { } token)
                return token;
            if (start <= floor || window[start - 1] is not ('.' or '/'))
                break;
            start = window.Back(start - 1, CharacterClass.Word, floor);
            // A word that is longer than anybody looks back is data, in whose middle no key begins.
            if (CharacterClasses.Is(window[start - 1], CharacterClass.Word))
                break;
        }

        return null;
    }

    /// <summary>Tries the shapes under one first character; what follows a dot inside a name is an extension, and no prefix.</summary>
    private Finding? MatchShape(ref TextWindow window, int start, char first)
    {
        if (first >= 128 || _shapes[first] is not { } shapes || (window[start - 1] == '.' && CharacterClasses.Is(window[start - 2], CharacterClass.Word)))
            return null;
        var isEscaped = window.Text[start..Math.Min(window.Text.Length, start + TextWindow.Left)].Contains('\\');
        foreach (var shape in shapes)
            if (shape.Match(ref window, start, isEscaped) is { } finding)
                return finding;
        return null;
    }

    /// <summary>A run may follow an escape whose last letter is no part of it: <c>\n</c> and <c>\u0022</c> in JSON, <c>%3D</c> in a URL.</summary>
    private static int SkipEscape(ref TextWindow window, int start) => window[start - 1] switch
    {
        '\\' when window[start] == 'u' && window.On(start + 1, CharacterClass.Hex, 4) == start + 5 => start + 5,
        '\\' when window[start] == 'x' && window.On(start + 1, CharacterClass.Hex, 2) == start + 3 => start + 3,
        '\\' when window[start] is 'n' or 'r' or 't' or 'b' or 'f' => start + 1,
        '%' when CharacterClasses.Is(window[start], CharacterClass.Hex) && CharacterClasses.Is(window[start + 1], CharacterClass.Hex) => start + 2,
        _ => start,
    };

    /// <summary>Where the text's last word begins: a name, a number or an address may go on with what comes next.</summary>
    private static int LastWord(ReadOnlySpan<char> text, int floor)
    {
        var start = text.Length;
        var limit = Math.Max(floor, start - TextWindow.Left - 1);
        while (start > limit && (CharacterClasses.Is(text[start - 1], CharacterClass.Any) || text[start - 1] is ':' or '(' or '@' or '\\' or '"' or '\''
            || EmailAddress.MayHold(text[start - 1], text.Length - start)))
            start--;
        return start;
    }
}
