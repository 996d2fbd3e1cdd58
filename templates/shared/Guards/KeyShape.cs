using System.Buffers;

namespace Acme.App.Guards;

/// <summary>One shape of a secret: a prefix, then so many characters of an alphabet and no more of them, and at times a fixed ending.</summary>
/// <param name="isOwn">Whether it is the owner's, who means every value of it; the others have placeholders in documents.</param>
internal sealed class KeyShape(string prefix, CharacterClass alphabet, int least, int most, string ending, bool isOwn)
{
    private const int LeastJudged = 8;

    private static readonly SearchValues<char> s_findable = SearchValues.Create("0123456789-_#");
    private static readonly SearchValues<char> s_prefix =
        SearchValues.Create("0123456789-_#?./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // The last fixed character tells most texts from the shape at once.
    private readonly int _telling = prefix.AsSpan().LastIndexOfAnyExcept('?', '#');
    private readonly bool _isCapitals = !prefix.AsSpan().ContainsAnyExceptInRange('A', 'Z');

    public char First => prefix[0];

    /// <summary>
    /// Whether the search stops at every value of this shape: at a digit, a dash or an underscore behind the first letter, and at no other mark.
    /// </summary>
    public bool IsFindable => First is not ('-' or '_') && !prefix.AsSpan().ContainsAnyExcept(s_prefix)
        && ((alphabet & ~CharacterClass.Hex) == 0 || prefix.AsSpan().ContainsAny(s_findable));

    /// <summary>A table's lines without its comments.</summary>
    public static List<string> ReadTable(string table = "key-shapes.txt")
    {
        using var reader = new StreamReader(typeof(KeyShape).Assembly.GetManifestResourceStream(table)!);
        return [.. reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n').Where(line => line is not ("" or ['#', ..]))];
    }

    /// <summary>Reads a line of the table. It gives none when the line is not a name, prefixes, an alphabet with a length, and perhaps an ending.</summary>
    public static List<KeyShape> Parse(string line, bool isOwn = false)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is not (3 or 4) || CharacterClasses.OfLetter(fields[2][0]) is not { } alphabet)
            return [];

        var length = fields[2].AsSpan(1);
        var isOpen = length.EndsWith('+');
        length = length.TrimEnd('+');
        var dash = length.IndexOf('-');
        if (!int.TryParse(dash < 0 ? length : length[..dash], out var least) || !int.TryParse(length[(dash + 1)..], out var most)
            || least < 0 || most < least || most > TextWindow.Right)
            return [];

        var prefixes = fields[1].Split(',');
        return Array.TrueForAll(prefixes, prefix => prefix.Length is >= 2 and <= 60 && char.IsAscii(prefix[0]))
            ? [.. prefixes.Select(prefix => new KeyShape(prefix, alphabet, least, isOpen ? TextWindow.Right : most, fields.ElementAtOrDefault(3) ?? "", isOwn))]
            : [];
    }

    /// <param name="window">The text.</param>
    /// <param name="start">Where the value would begin.</param>
    /// <param name="isEscaped">Whether Markdown's escapes may stand in the prefix.</param>
    public Finding? Match(ref TextWindow window, int start, bool isEscaped)
    {
        if (!isEscaped && _telling >= 0 && start + _telling < window.Text.Length && window.Text[start + _telling] != prefix[_telling])
            return null;

        var end = start;
        foreach (var expected in prefix)
        {
            // Markdown's escape, of which a page shows nothing.
            if (window[end] == '\\' && window[end + 1] == expected && expected is '_' or '-')
                end++;
            var actual = window[end++];
            var isWild = (expected == '?' && CharacterClasses.Is(actual, CharacterClass.Word)) || (expected == '#' && char.IsAsciiDigit(actual));
            if (actual != expected && !isWild)
                return null;
        }

        var body = end;
        end = window.On(end, alphabet, most + 1);
        var goesOn = end - body > TextWindow.Right;
        // In base64 any capitals come.
        if (_isCapitals && window[start - 1] is '/' or '+')
            return null;
        var isMasked = window[end] is '*' or '#' && window[end + 1] == window[end];
        if (window[end - 1] == '.')
            end--;
        var length = end - body;
        var fits = length >= least && (length <= most || goesOn) && !isMasked && window.Text[body..end].EndsWith(ending, StringComparison.Ordinal);
        return fits && (isOwn || least == 0 || !SecretValue.IsPlaceholder(window.Text[(length < LeastJudged ? start : body)..end], ofKey: true))
            ? new Finding(SensitiveKind.Secret, start, end, goesOn ? alphabet : CharacterClass.None)
            : null;
    }
}
