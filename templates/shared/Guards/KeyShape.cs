namespace Acme.App.Guards;

/// <summary>One shape of a secret: a prefix, then so many characters of an alphabet, and no more of them.</summary>
internal sealed record KeyShape(string Prefix, CharacterClass Alphabet, int Least, int Most)
{
    private const string Table = "key-shapes.txt";

    /// <summary>The shapes that <c>key-shapes.txt</c> lists.</summary>
    public static readonly KeyShape[] Known = [.. ReadTable().SelectMany(Parse)];

    /// <summary>The table's lines without its comments.</summary>
    public static IEnumerable<string> ReadTable()
    {
        using var reader = new StreamReader(typeof(KeyShape).Assembly.GetManifestResourceStream(Table)!);
        while (reader.ReadLine() is { } line)
            if (!line.StartsWith('#'))
                yield return line;
    }

    /// <summary>Reads a line of the table. It gives none when the line is not a name, prefixes, and an alphabet with a length.</summary>
    public static KeyShape[] Parse(string line)
    {
        if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, var prefixes, { Length: > 1 } body]
            || CharacterClasses.OfLetter(body[0]) is not { } alphabet)
            return [];

        var isOpen = body[^1] == '+';
        var range = body[1..].TrimEnd('+').Split('-');
        if (!int.TryParse(range[0], out var least) || !int.TryParse(range[^1], out var most) || range.Length > 2 || least < 1 || most < least || most > TextWindow.Right)
            return [];

        return [.. prefixes.Split(',').Where(prefix => prefix.Length is >= 2 and <= 40 && char.IsAscii(prefix[0])).Select(prefix => new KeyShape(prefix, alphabet, least, isOpen ? TextWindow.Right : most))];
    }

    /// <summary>Whether the search stops at every value of this shape: at a digit, a dash or an underscore beside its first word.</summary>
    public bool IsFindable => (Alphabet & ~CharacterClass.Hex) == 0 || Prefix.AsSpan().ContainsAny("0123456789-_#");

    public Finding? Match(ref TextWindow window, int start)
    {
        var end = start;
        foreach (var expected in Prefix)
        {
            var actual = window[end++];
            var isWild = (expected == '?' && CharacterClasses.Is(actual, CharacterClass.Word)) || (expected == '#' && char.IsAsciiDigit(actual));
            if (actual != expected && !isWild)
                return null;
        }

        var body = end;
        while (end - body <= Most && CharacterClasses.Is(window[end], Alphabet))
            end++;
        var goesOn = end - body > TextWindow.Right;
        if (window[end - 1] == '.')
            end--;
        var length = end - body;
        var fits = length >= Least && (length <= Most || goesOn);
        return fits && Placeholder.IsUnlikely(window.Text[body..end], ofKey: true)
            ? new Finding(SensitiveKind.Secret, start, end, goesOn ? Alphabet : CharacterClass.None)
            : null;
    }
}
