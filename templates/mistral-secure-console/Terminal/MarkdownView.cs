namespace Acme.App.Terminal;

/// <summary>Renders an answer's Markdown in a terminal that knows ANSI, after a spinner until the first word.</summary>
internal sealed class MarkdownView(TextWriter output, Func<int> width, TimeProvider timeProvider) : IAnswerView
{
    private const string EraseLine = "\r\u001b[K";
    private static readonly string[] Frames = ["·  ", "·· ", "···", " ··", "  ·", "   "];

    private MarkdownStream? _markdown;
    private CancellationTokenSource? _waiting;
    private Task _spinner = Task.CompletedTask;

    public void Begin()
    {
        _markdown = new MarkdownStream(output, width);
        _waiting = new CancellationTokenSource();
        _spinner = SpinAsync(_waiting.Token);
    }

    public void Write(string text)
    {
        StopSpinner();
        _markdown!.Push(text);
        output.Flush();
    }

    public void End()
    {
        StopSpinner();
        _markdown!.End();
        output.Flush();
    }

    private async Task SpinAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(120), timeProvider);
        try
        {
            for (var frame = 0; await timer.WaitForNextTickAsync(cancellationToken); frame++)
            {
                output.Write($"\r{Frames[frame % Frames.Length]}");
                output.Flush();
            }
        }
        catch (OperationCanceledException)
        {
            output.Write(EraseLine);
        }
    }

    private void StopSpinner()
    {
        _waiting?.Cancel();
        _spinner.Wait();
        _waiting?.Dispose();
        _waiting = null;
    }
}
