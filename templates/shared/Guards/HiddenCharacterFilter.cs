using System.Globalization;
using System.Text;

namespace Acme.App.Guards;

/// <summary>
/// Takes out what a reader does not see: terminals' escape sequences (ECMA-48), control characters, bidirectional overrides, and the invisible
/// characters by which text is smuggled or detection evaded (Unicode's Default_Ignorable_Code_Point). Line ends of every kind become line feeds.
/// </summary>
internal sealed class HiddenCharacterFilter(HiddenCharacters mode)
{
    private const char Escape = '\u001b';
    private const char EmojiSelector = '\ufe0f';
    private const char Keycap = '\u20e3';

    // Hebrew is the first; the marks before it belong to letters that do not join.
    private const char FirstOfScriptsThatJoin = '\u0590';

    private readonly HashSet<int> _taken = [];
    private State _state;
    private char _previous;
    private char _high;
    private bool _mayBeKeycap;

    private enum State
    {
        Text,
        Escaped,
        Sequence,
        String,
        Pair,
    }

    /// <summary>What was taken out so far, where it is to be shown: behind the text, for within it would part what is looked for.</summary>
    public string Shown => mode == HiddenCharacters.Show
        ? string.Concat((_mayBeKeycap ? _taken.Append(EmojiSelector).Distinct() : _taken)
            .Select(code => string.Create(CultureInfo.InvariantCulture, $"[U+{code:X4}]")))
        : "";

    /// <summary>Cleans a whole text; gives the same instance when it is clean.</summary>
    public static string Apply(string text, HiddenCharacters mode, out string shown)
    {
        shown = "";
        if (FirstHidden(text) == text.Length)
            return text;
        var filter = new HiddenCharacterFilter(mode);
        var clean = filter.Push(text);
        shown = filter.Shown;
        return clean;
    }

    /// <summary>Cleans a piece of a text; what is hidden holds nothing back, wherever it is cut.</summary>
    public string Push(string piece)
    {
        var clean = _state == State.Text && _previous != '\r' && !_mayBeKeycap ? FirstHidden(piece) : 0;
        if (clean == piece.Length)
        {
            _previous = piece.Length > 0 ? piece[^1] : _previous;
            return piece;
        }

        var output = new StringBuilder().Append(piece, 0, clean);
        _previous = clean > 0 ? piece[clean - 1] : _previous;
        foreach (var character in piece.AsSpan(clean))
            Take(character, output);
        return output.ToString();
    }

    private static int FirstHidden(ReadOnlySpan<char> text)
    {
        var index = 0;
        while (text[index..].IndexOfAnyExceptInRange(' ', '~') is var offset and >= 0)
        {
            index += offset;
            if (IsHidden(text[index]) || BeginsHiddenPair(text[index]) || IsJudgedByPrevious(text[index]))
                return index;
            index++;
        }

        return text.Length;
    }

    private void Take(char character, StringBuilder output)
    {
        switch (_state)
        {
            case State.Escaped:
                _state = character switch
                {
                    '[' => State.Sequence,
                    ']' or 'P' or 'X' or '^' or '_' => State.String,
                    Escape or (>= ' ' and <= '/') => State.Escaped,
                    _ => State.Text,
                };
                return;
            case State.Sequence when character is >= ' ' and < '@':
                return;
            case State.Sequence when character is >= '@' and <= '~':
            case State.String when character is '\u0007' or '\u009c':
                _state = State.Text;
                return;
            case State.String when character is not ('\n' or Escape):
                return;
            case State.Pair when char.IsLowSurrogate(character):
                if (IsHiddenPair(char.ConvertToUtf32(_high, character)))
                    _taken.Add(char.ConvertToUtf32(_high, character));
                else
                    output.Append(_high).Append(_previous = character);
                _state = State.Text;
                return;
        }

        // Behind a digit a selector stays in a keycap alone (UTS #51, emoji keycap sequence).
        if (_mayBeKeycap)
        {
            _mayBeKeycap = false;
            if (character == Keycap)
                output.Append(EmojiSelector);
            else
                _taken.Add(EmojiSelector);
        }
        else if (character == EmojiSelector && (char.IsAsciiDigit(_previous) || _previous is '#' or '*'))
        {
            _mayBeKeycap = true;
            return;
        }

        _state = character switch
        {
            Escape => State.Escaped,
            _ when BeginsHiddenPair(character) => State.Pair,
            _ => State.Text,
        };
        if (_state == State.Pair)
            _high = character;
        if (_state != State.Text)
            return;
        if (IsLineEnd(character) || character == '\n')
        {
            if (character != '\n' || _previous != '\r')
                output.Append('\n');
            _previous = character == '\r' ? '\r' : '\n';
        }
        else if (IsHidden(character) || (IsJudgedByPrevious(character) && !IsJoined(_previous)) || (IsSelector(character) && IsSelector(_previous)))
            _taken.Add(character);
        else
            output.Append(_previous = character);
    }

    /// <summary>Joiners and variation selectors are judged by what they follow.</summary>
    private static bool IsJudgedByPrevious(char character) => character is '\u200c' or '\u200d' || IsSelector(character);

    /// <summary>
    /// Whether a joiner or a selector may follow: pictures need them, and scripts without capitals, whose letters join. Behind a letter of another,
    /// a digit, a space or a dash they would only part what is looked for.
    /// </summary>
    private static bool IsJoined(char previous) => !char.IsAscii(previous) && CharUnicodeInfo.GetUnicodeCategory(previous) switch
    {
        _ when previous is '\u203c' or '\u2049' or '\u2139' or '\u3030' or '\u303d' => true,
        UnicodeCategory.OtherLetter or UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol or UnicodeCategory.Surrogate => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ModifierLetter => previous >= FirstOfScriptsThatJoin,
        _ => false,
    };

    private static bool IsSelector(char character) => character is (>= '\ufe00' and <= '\ufe0f') or (>= '\u180b' and <= '\u180d') or '\u180f';

    /// <summary>What ends a line besides a line feed (The Unicode Standard, 5.8). Taken out, it would join two words.</summary>
    private static bool IsLineEnd(char character) => character is '\r' or '\v' or '\f' or '\u0085' or '\u2028' or '\u2029';

    private static bool BeginsHiddenPair(char character) => character is '\ud82f' or '\ud834' or (>= '\udb40' and <= '\udb43');

    private static bool IsHiddenPair(int code) => code is (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or (>= 0xE0000 and <= 0xE0FFF);

    private static bool IsHidden(char character) => character switch
    {
        '\n' or '\t' => false,
        < ' ' or (>= '\u007f' and <= '\u009f') => true,
        '\u00ad' or '\u034f' or '\u061c' or '\u115f' or '\u1160' or '\u17b4' or '\u17b5' or '\u180e' or '\u3164' or '\ufeff' or '\uffa0' => true,
        '\u200b' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2060' and <= '\u206f') or (>= '\ufff0' and <= '\ufffb') => true,
        _ => false,
    };
}

/// <summary>Makes any text safe for a terminal: the names and messages that do not come along the guarded road.</summary>
internal static class TerminalText
{
    public static string Clean(string text) => HiddenCharacterFilter.Apply(text, HiddenCharacters.Strip, out _);
}
