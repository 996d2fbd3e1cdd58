using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Acme.App.Guards;
using Acme.App.Operations;
using Spectre.Console;

namespace Acme.App.Terminal;

/// <summary>
/// What the terminal can show, decided once. Answers go to standard output; prompts, notes and refusals go to standard error,
/// out of the way of a pipe.
/// </summary>
internal sealed class ChatTerminal
{
    private const int DefaultColumns = 80;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly TimeProvider _time;
    private readonly bool _isPlain;
    private readonly LineEditor? _editor;
    private TextReader? _lines;

    public ChatTerminal(TimeProvider time)
    {
        _time = time;
        // For Windows, asking switches the escape sequences on; a pipe needs none, and starts faster without asking.
        _isPlain = Console.IsOutputRedirected || !AnsiConsole.Console.Profile.Capabilities.Ansi;
        if (!_isPlain && !Console.IsInputRedirected && !Console.IsErrorRedirected)
            _editor = new LineEditor(Console.Error, Columns);
    }

    /// <summary>Whether the terminal was closed, or the program told to end, during an answer.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Whether a refused message can be given back to its writer.</summary>
    public bool CanEdit => _editor is not null;

    /// <returns>The line; nothing at the end of the input, and when the user leaves.</returns>
    /// <exception cref="DecoderFallbackException">A pipe brings bytes that are no text.</exception>
    public string? ReadLine(string initial)
    {
        if (_editor is not null)
            return _editor.Read(initial);
        if (!Console.IsInputRedirected)
            Console.Error.Write("> ");
        _lines ??= Console.IsInputRedirected ? OpenText(Console.OpenStandardInput()) : Console.In;
        return _lines.ReadLine();
    }

    /// <summary>Reads text in UTF-8, or as its byte order mark says, and fails by <see cref="DecoderFallbackException"/> at bytes that are none.</summary>
    public static StreamReader OpenText(Stream stream) => new(stream, s_strictUtf8);

    public static string NoText(string name) => $"{name} is not text in UTF-8. Convert it first.";

    public static void Note(string text) => Console.Error.WriteLine(TerminalText.Clean(text));

    /// <summary>Asks, shows the answer as it comes, and says why there is none. Ctrl+C stops it; pressed again, it ends the program.</summary>
    public async Task<Answer> AskAsync(Conversation conversation, string question, bool asJson, CancellationToken cancellationToken)
    {
        Answer answer;
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        using (PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Stop(stop)))
        using (PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Leave(signal, stop)))
        using (PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Leave(signal, stop)))
        using (var view = CreateView(asJson))
            answer = await conversation.AskAsync(question, view.Write, stop.Token);

        if (answer.Failure is not null)
            Explain(answer.Failure);
        else
            Sign(answer, asJson);
        return answer;
    }

    /// <summary>An answer leaves its record, however its reader goes.</summary>
    private void Leave(PosixSignalContext signal, CancellationTokenSource stop)
    {
        IsLeaving = true;
        signal.Stop(stop);
        EndSignals.Take(signal);
    }

    private AnswerView CreateView(bool asJson) => asJson ? new AnswerView(TextWriter.Null, null, _time)
        : new AnswerView(Console.Out, _isPlain ? null : new MarkdownStream(Console.Out, Columns), _time);

    private static void Explain(Auditing.ChatFailure failure)
    {
        Note(failure.Message);
        foreach (var (field, problems) in failure.Fields ?? new Dictionary<string, string[]>())
            Note($"  {field}: {string.Join(' ', problems)}");
    }

    /// <summary>Prints the answer for a program, and the model and the tokens where someone watches.</summary>
    private void Sign(Answer answer, bool asJson)
    {
        if (asJson && !answer.IsStopped)
            Console.Out.WriteLine(JsonSerializer.Serialize(answer.ToResult(), AnswerJsonContext.Default.ChatResult));
        else if (answer.IsCut)
            Note("The answer is not whole: it has as many tokens as it may have. Ask for a shorter one, or raise --max-tokens.");
        if (Console.IsErrorRedirected)
            return;
        var usage = answer.Usage is { } tokens ? $", {tokens.InputTokenCount} + {tokens.OutputTokenCount} tokens" : "";
        var text = TerminalText.Clean($"{(answer.IsStopped ? "stopped, " : "")}{answer.Model}{usage}");
        Console.Error.WriteLine(_isPlain ? $"({text})" : $"\u001b[2m{text}\u001b[0m");
    }

    // A terminal without a size says 0.
    private static int Columns() => Console.WindowWidth is > 1 and var columns ? columns : DefaultColumns;
}
