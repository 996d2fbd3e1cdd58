using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console.Rendering;

namespace Acme.App.Terminal;

/// <summary>
/// Renders Markdown as it comes, and never takes back what it has shown. A word waits until it is whole, emphasis until its
/// end is there; what turns out to be no emphasis is shown as it was written.
/// </summary>
internal sealed partial class MarkdownStream(TextWriter output, Func<int> width)
{
    private const string Bold = "\u001b[1m";
    private const string Dim = "\u001b[2m";
    private const string Italic = "\u001b[3m";
    private const string Reset = "\u001b[0m";

    /// <summary>The longest emphasis that is waited for, and the longest beginning of a line that is looked at.</summary>
    private const int LongestSpan = 400;
    private const int LongestPrefix = 12;

    private readonly StringBuilder _held = new();
    private bool _isBegun;
    private bool _isVerbatim;
    private string _fence = "";
    private bool _hasText;
    private string _style = "";
    private int _indent;
    private int _column;
    private bool _spaceDue;
    private char _last;

    public void Push(string text)
    {
        foreach (var character in text)
        {
            if (character == '\n')
                EndLine();
            else
                _held.Append(character);
        }

        Show(isFinal: false);
    }

    public void End()
    {
        if (_held.Length > 0 || _column > 0)
            EndLine();
    }

    private void EndLine()
    {
        Show(isFinal: true);
        // Blank lines before the answer's first word say nothing.
        if (_hasText)
            output.WriteLine();
        (_isBegun, _isVerbatim, _style, _indent, _column, _spaceDue, _last) = (false, false, "", 0, 0, false, ' ');
    }

    private void Show(bool isFinal)
    {
        var text = _held.ToString();
        var at = 0;
        if (!_isBegun)
        {
            if (!isFinal && (_fence.Length > 0 || CouldStillBeAnything(text)))
                return;
            at = Begin(text);
        }

        if (_isVerbatim)
        {
            if (!isFinal)
                return;
            Put(text[at..], Dim);
            at = text.Length;
        }

        while (at < text.Length && Next(text, at, isFinal) is { } next)
        {
            foreach (var (index, word) in next.Text.Split(' ').Index())
            {
                _spaceDue |= index > 0;
                Put(word, next.Style);
            }

            _last = text[next.End - 1];
            at = next.End;
        }

        _held.Remove(0, at);
    }

    private static bool CouldStillBeAnything(string text) =>
        text.TrimStart() is ['`', '`', '`', ..] or ['~', '~', '~', ..]
        || (text.Length < LongestPrefix && text.All(character => char.IsAsciiDigit(character) || " #-*+>.)`~".Contains(character)));

    /// <summary>Finds out what sort of line begins, and shows its mark.</summary>
    /// <returns>Where the line's text begins.</returns>
    private int Begin(string text)
    {
        _isBegun = true;
        var (fence, isInFence) = (Fence().Match(text), _fence.Length > 0);
        var marks = fence.Groups[1].Value;
        // A block ends with the marks it began with, as many or more; what stands inside it is no mark.
        var isFence = fence.Success
            && (!isInFence || (marks.StartsWith(_fence, StringComparison.Ordinal) && string.IsNullOrWhiteSpace(fence.Groups[2].Value)));
        _isVerbatim = isFence || isInFence || text.StartsWith('|');
        if (isFence)
            _fence = isInFence ? "" : marks;
        if (_isVerbatim)
            return 0;
        if (Heading().Match(text) is { Success: true } heading)
        {
            _style = Bold;
            return heading.Length;
        }

        var mark = Mark().Match(text);
        _indent = Math.Min(mark.Length, 8);
        if (mark.Length > 0)
            Put(mark.Value, "");
        return mark.Length;
    }

    /// <returns>The next part that can be shown, its style and where it ends; nothing while it is not yet whole.</returns>
    private (string Text, string Style, int End)? Next(string text, int at, bool isFinal)
    {
        if (text[at] == ' ')
            return (" ", _style, at + 1);

        var mark = MarkAt(text, at);
        if (mark.Length > text.Length - at)
            return isFinal ? (text[at..], _style, text.Length) : null;
        if (mark.Length > 0)
        {
            var start = at + mark.Length;
            var close = text.IndexOf(mark, start, StringComparison.Ordinal);
            if (close > start && text[close - 1] != ' ')
                return mark == "`"
                    ? (text[at..(close + 1)], _style + Dim, close + 1)
                    : (text[start..close], _style + (mark == "*" ? Italic : Bold), close + mark.Length);
            if (close < 0 && !isFinal && text.Length - at < LongestSpan)
                return null;
        }

        var end = at + (IsDouble(text, at) ? 2 : 1);
        while (end < text.Length && text[end] is not (' ' or '`') && !IsWide(text[end - 1])
            && (text[end] != '*' || (char.IsLetterOrDigit(text[end - 1]) && !IsDouble(text, end))))
            end++;
        // It may be the first of two.
        if (!isFinal && end == text.Length && text[end - 1] == '*')
            return null;
        return end < text.Length || isFinal || IsWide(text[end - 1]) || end - at > LongestSpan ? (text[at..end], _style, end) : null;
    }

    // "2*3" and "a ** b" are no emphasis; two stars are one mark, and may stand within a word (CommonMark 0.31, 6.2).
    private string MarkAt(string text, int at) => text[at] switch
    {
        '`' => "`",
        '*' when at + 1 == text.Length => "**",
        '*' when IsDouble(text, at) => at + 2 < text.Length && text[at + 2] == ' ' ? "" : "**",
        '*' when !char.IsLetterOrDigit(_last) && text[at + 1] != ' ' => "*",
        _ => "",
    };

    private static bool IsDouble(string text, int at) => text[at] == '*' && at + 1 < text.Length && text[at + 1] == '*';

    /// <summary>A letter of Chinese, Japanese or Korean, which has no spaces between words and is broken anywhere.</summary>
    private static bool IsWide(char letter) => letter >= '\u1100' && !char.IsSurrogate(letter) && new Segment(letter.ToString()).CellCount() == 2;

    /// <summary>Writes a word, or a whole line as it is. A line is broken only where a space stood; what is longer than a line the terminal breaks.</summary>
    private void Put(string text, string style)
    {
        if (text.Length == 0)
            return;

        var cells = new Segment(text).CellCount();
        if (_spaceDue && !_isVerbatim && _column + 1 + cells > width() && _column > _indent)
        {
            output.WriteLine();
            output.Write(new string(' ', _indent));
            _column = _indent;
        }
        else if (_spaceDue)
        {
            output.Write(' ');
            _column++;
        }

        _spaceDue = false;
        _hasText = true;
        output.Write(style.Length == 0 ? text : style + text + Reset);
        _column += cells;
        if (!_isVerbatim && _column > width())
            _column %= width();
    }

    [GeneratedRegex("^ *(`{3,}|~{3,})([^`]*)$", RegexOptions.NonBacktracking)]
    private static partial Regex Fence();

    [GeneratedRegex("^#{1,6} +", RegexOptions.NonBacktracking)]
    private static partial Regex Heading();

    [GeneratedRegex("^ *([-*+>] |[0-9]{1,3}[.)] )?", RegexOptions.NonBacktracking)]
    private static partial Regex Mark();
}
