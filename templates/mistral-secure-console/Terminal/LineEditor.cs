using Spectre.Console.Rendering;

namespace Acme.App.Terminal;

/// <summary>Reads a line at a terminal that knows ANSI. It may begin with a text to edit; a longer line than the terminal scrolls sideways.</summary>
internal sealed class LineEditor(TextWriter output, Func<int> width)
{
    private const string Prompt = "> ";

    private readonly List<string> _history = [];
    private string _line = "";
    private int _cursor;
    private int _entry;

    /// <returns>The line; nothing when the user leaves.</returns>
    public string? Read(string initial)
    {
        Console.TreatControlCAsInput = true;
        try
        {
            _entry = _history.Count;
            Replace(initial);
            // What was typed while an answer came: each Enter in it ends a line.
            var isAhead = Console.KeyAvailable;
            while (true)
            {
                Draw();
                isAhead &= Console.KeyAvailable;
                var key = Console.ReadKey(intercept: true);
                if (key is { Modifiers: ConsoleModifiers.Control, Key: ConsoleKey.C }
                    || (key is { Modifiers: ConsoleModifiers.Control, Key: ConsoleKey.D } && _line.Length == 0))
                    return End(null);

                // More keys at once after Enter: a text of several lines was pasted, and is one message.
                if (key.Key == ConsoleKey.Enter && (isAhead || !Console.KeyAvailable))
                    return End(_line);
                Take(key);
            }
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private void Take(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                Insert('\n');
                break;
            case ConsoleKey.Backspace when _cursor > 0:
                var before = Before(_line, _cursor);
                _line = _line.Remove(before, _cursor - before);
                _cursor = before;
                break;
            case ConsoleKey.Delete when _cursor < _line.Length:
                _line = _line.Remove(_cursor, After(_line, _cursor) - _cursor);
                break;
            case ConsoleKey.LeftArrow when _cursor > 0:
                _cursor = Before(_line, _cursor);
                break;
            case ConsoleKey.RightArrow when _cursor < _line.Length:
                _cursor = After(_line, _cursor);
                break;
            case ConsoleKey.Home or ConsoleKey.A when key.Key == ConsoleKey.Home || key.Modifiers == ConsoleModifiers.Control:
                _cursor = 0;
                break;
            case ConsoleKey.End or ConsoleKey.E when key.Key == ConsoleKey.End || key.Modifiers == ConsoleModifiers.Control:
                _cursor = _line.Length;
                break;
            case ConsoleKey.U when key.Modifiers == ConsoleModifiers.Control:
                Replace("");
                break;
            case ConsoleKey.UpArrow when _entry > 0:
                Replace(_history[--_entry]);
                break;
            case ConsoleKey.DownArrow when _entry < _history.Count:
                _entry++;
                Replace(_entry < _history.Count ? _history[_entry] : "");
                break;
            default:
                if (key.KeyChar == '\t' || !char.IsControl(key.KeyChar))
                    Insert(key.KeyChar);
                break;
        }
    }

    private void Insert(char character) => _line = _line.Insert(_cursor++, character.ToString());

    private void Replace(string text)
    {
        _line = text;
        _cursor = text.Length;
    }

    private string? End(string? text)
    {
        // A line that scrolled sideways is shown whole in the end.
        output.WriteLine($"\r\u001b[K{Prompt}{text}");
        output.Flush();
        if (text is { Length: > 0 } && (_history.Count == 0 || _history[^1] != text))
            _history.Add(text);
        return text;
    }

    /// <summary>Shows the part of the line around the cursor that fits.</summary>
    private void Draw()
    {
        var room = Math.Max(width() - Prompt.Length - 1, 1);
        var text = _line.Replace('\n', '⏎').Replace('\t', '→');
        var start = _cursor;
        while (start > 0 && Cells(text[Before(text, start).._cursor]) <= room)
            start = Before(text, start);
        var end = _cursor;
        while (end < text.Length && Cells(text[start..After(text, end)]) <= room)
            end = After(text, end);

        output.Write($"\r\u001b[K{Prompt}{text[start..end]}\r\u001b[{Prompt.Length + Cells(text[start.._cursor])}C");
        output.Flush();
    }

    // An emoji is two characters, of which none stands alone.
    private static int Before(string text, int at) => at > 1 && char.IsLowSurrogate(text[at - 1]) ? at - 2 : at - 1;

    private static int After(string text, int at) => at + 1 < text.Length && char.IsHighSurrogate(text[at]) ? at + 2 : at + 1;

    private static int Cells(string text) => new Segment(text).CellCount();
}
