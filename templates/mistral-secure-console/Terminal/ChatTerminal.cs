using System.Text.Json;
using Acme.App.Guards;
using Spectre.Console;

namespace Acme.App.Terminal;

/// <summary>
/// What the terminal can show, decided once. Answers go to standard output; prompts, notes and refusals go to standard error,
/// out of the way of a pipe.
/// </summary>
internal sealed class ChatTerminal
{
    private const int DefaultColumns = 80;

    private readonly TimeProvider _timeProvider;
    private readonly bool _isPlain;
    private readonly LineEditor? _editor;

    public ChatTerminal(TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        // For Windows, asking switches the escape sequences on; a pipe needs none, and starts faster without asking.
        _isPlain = Console.IsOutputRedirected || !AnsiConsole.Console.Profile.Capabilities.Ansi;
        if (!_isPlain && !Console.IsInputRedirected && !Console.IsErrorRedirected)
            _editor = new LineEditor(Console.Error, Columns);
    }

    /// <summary>Whether a refused message can be given back to its writer.</summary>
    public bool CanEdit => _editor is not null;

    public IAnswerView CreateView() => _isPlain ? new PlainView(Console.Out) : new MarkdownView(Console.Out, Columns, _timeProvider);

    /// <returns>The line; nothing at the end of the input, and when the user leaves.</returns>
    public string? ReadLine(string initial)
    {
        if (_editor is not null)
            return _editor.Read(initial);
        if (!Console.IsInputRedirected)
            Console.Error.Write("> ");
        return Console.In.ReadLine();
    }

    public void Note(string text) => Console.Error.WriteLine(TerminalText.Clean(text));

    /// <summary>The model and the tokens, where someone watches.</summary>
    public void Sign(Answer answer)
    {
        if (Console.IsErrorRedirected)
            return;
        var usage = answer.Usage is { } tokens ? $", {tokens.InputTokenCount} + {tokens.OutputTokenCount} tokens" : "";
        var text = TerminalText.Clean($"{(answer.IsStopped ? "stopped, " : "")}{answer.Model}{usage}");
        Console.Error.WriteLine(_isPlain ? $"({text})" : $"\u001b[2m{text}\u001b[0m");
    }

    /// <summary>Says why there is no answer.</summary>
    public void Explain(Answer answer)
    {
        Note(answer.Failure!.Message);
        foreach (var (field, problems) in answer.Failure.Fields ?? new Dictionary<string, string[]>())
            Note($"  {field}: {string.Join(' ', problems)}");
    }

    public void PrintJson(Answer answer) => Console.Out.WriteLine(JsonSerializer.Serialize(answer.ToJson(), AnswerJsonContext.Default.AnswerJson));

    // A terminal without a size says 0.
    private static int Columns() => Console.WindowWidth is > 1 and var columns ? columns : DefaultColumns;
}
