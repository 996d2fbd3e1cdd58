using System.Text;

namespace Acme.App.Terminal;

/// <summary>A line that is typed: its text, where the next key goes, and the lines that were typed before.</summary>
internal sealed class EditedLine
{
    private readonly StringBuilder _text = new();
    private readonly List<string> _history = [];
    private string _draft = "";
    private int _entry;

    public string Text => _text.ToString();

    public int Length => _text.Length;

    public int Cursor { get; private set; }

    /// <summary>Begins a new line, with a text to edit or none.</summary>
    public void Begin(string text)
    {
        _entry = _history.Count;
        Replace(text);
    }

    /// <summary>Keeps a line for those who go back to it.</summary>
    public void Remember(string text)
    {
        if (text.Length > 0 && (_history.Count == 0 || _history[^1] != text))
            _history.Add(text);
    }

    /// <summary>Types, moves or takes away, as the key says.</summary>
    public void Take(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                Insert('\n');
                break;
            case ConsoleKey.Backspace when Cursor > 0:
                var before = Before(Text, Cursor);
                _text.Remove(before, Cursor - before);
                Cursor = before;
                break;
            case ConsoleKey.Delete when Cursor < Length:
                _text.Remove(Cursor, After(Text, Cursor) - Cursor);
                break;
            case ConsoleKey.LeftArrow when Cursor > 0:
                Cursor = Before(Text, Cursor);
                break;
            case ConsoleKey.RightArrow when Cursor < Length:
                Cursor = After(Text, Cursor);
                break;
            case ConsoleKey.Home or ConsoleKey.A when key.Key == ConsoleKey.Home || key.Modifiers == ConsoleModifiers.Control:
                Cursor = 0;
                break;
            case ConsoleKey.End or ConsoleKey.E when key.Key == ConsoleKey.End || key.Modifiers == ConsoleModifiers.Control:
                Cursor = Length;
                break;
            case ConsoleKey.U when key.Modifiers == ConsoleModifiers.Control:
                Replace("");
                break;
            case ConsoleKey.UpArrow when _entry > 0:
                _draft = _entry == _history.Count ? Text : _draft;
                Replace(_history[--_entry]);
                break;
            case ConsoleKey.DownArrow when _entry < _history.Count:
                _entry++;
                Replace(_entry < _history.Count ? _history[_entry] : _draft);
                break;
            default:
                // Alt alone asks for something; with Ctrl it is the AltGr of a Windows keyboard, which types.
                var isTyped = (key.Modifiers & (ConsoleModifiers.Alt | ConsoleModifiers.Control)) != ConsoleModifiers.Alt;
                if (key.KeyChar == '\t' || (isTyped && !char.IsControl(key.KeyChar)))
                    Insert(key.KeyChar);
                break;
        }
    }

    // A pasted text comes letter by letter, and may be long.
    private void Insert(char character) => _text.Insert(Cursor++, character);

    private void Replace(string text)
    {
        _text.Clear().Append(text);
        Cursor = text.Length;
    }

    // An emoji is two characters, of which none stands alone.
    public static int Before(string text, int at) => at > 1 && char.IsLowSurrogate(text[at - 1]) ? at - 2 : at - 1;

    public static int After(string text, int at) => at + 1 < text.Length && char.IsHighSurrogate(text[at]) ? at + 2 : at + 1;
}
