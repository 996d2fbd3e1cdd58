using System.Runtime.InteropServices;
using Spectre.Console.Rendering;

namespace Acme.App.Terminal;

/// <summary>Reads a line at a terminal that knows ANSI. It may begin with a text to edit; a longer line than the terminal scrolls sideways.</summary>
internal sealed class LineEditor(TextWriter output, Func<int> width)
{
    private const string Prompt = "> ";

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    private readonly EditedLine _line = new();
    private volatile bool _isLeaving;

    /// <returns>The line; nothing when the user leaves, or the program is told to end.</returns>
    public string? Read(string initial)
    {
        // A sudden end would leave the terminal as it is here, without an echo and without Ctrl+C.
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Leave);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Leave);
        Console.TreatControlCAsInput = true;
        try
        {
            // What was typed while an answer came: each Enter in it ends a line. It was not meant to go on with what was refused.
            var isAhead = Console.KeyAvailable;
            if (isAhead)
                _line.Remember(initial);
            _line.Begin(isAhead ? "" : initial);
            while (true)
            {
                // A pasted text is shown once, not letter by letter.
                if (!Console.KeyAvailable)
                    Draw();
                isAhead &= Console.KeyAvailable;
                if (!WaitForKey())
                    return End(null);
                var key = Console.ReadKey(intercept: true);
                // A terminal that is gone gives empty keys without end.
                if (key == default || (key is { Modifiers: ConsoleModifiers.Control, Key: ConsoleKey.C or ConsoleKey.D } && _line.Length == 0))
                    return End(null);

                // More keys at once after Enter: a text of several lines was pasted, and is one message.
                if (key.Key == ConsoleKey.Enter && (isAhead || !Console.KeyAvailable))
                    return End(_line.Text);
                if (key is { Modifiers: ConsoleModifiers.Control, Key: ConsoleKey.C })
                    _line.Begin("");
                else
                    _line.Take(key);
            }
        }
        finally
        {
            GiveBack();
        }
    }

    private void Leave(PosixSignalContext signal)
    {
        _isLeaving = true;
        EndSignals.Take(signal);
    }

    private static void GiveBack()
    {
        try
        {
            Console.TreatControlCAsInput = false;
        }
        catch (IOException)
        {
            // The terminal is closed.
        }
    }

    /// <summary>To read a key would wait for it, whatever else happens.</summary>
    private bool WaitForKey()
    {
        while (!_isLeaving && !Console.KeyAvailable)
            Thread.Sleep(s_look);
        return !_isLeaving;
    }

    private string? End(string? text)
    {
        try
        {
            // A line that scrolled sideways is shown whole in the end.
            output.WriteLine($"\r\u001b[K{Prompt}{text}");
            output.Flush();
        }
        catch (IOException) when (text is null)
        {
            // Who leaves may have closed the terminal.
        }

        _line.Remember(text ?? "");
        return text;
    }

    /// <summary>Shows the part of the line around the cursor that fits.</summary>
    private void Draw()
    {
        var room = Math.Max(width() - Prompt.Length - 1, 1);
        var (text, cursor) = (_line.Text.Replace('\n', '⏎').Replace('\t', '→'), _line.Cursor);
        var start = cursor;
        while (start > 0 && Cells(text[EditedLine.Before(text, start)..cursor]) <= room)
            start = EditedLine.Before(text, start);
        var end = cursor;
        while (end < text.Length && Cells(text[start..EditedLine.After(text, end)]) <= room)
            end = EditedLine.After(text, end);

        output.Write($"\r\u001b[K{Prompt}{text[start..end]}\r\u001b[{Prompt.Length + Cells(text[start..cursor])}C");
        output.Flush();
    }

    private static int Cells(string text) => new Segment(text).CellCount();
}
