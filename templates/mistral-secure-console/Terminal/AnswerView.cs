namespace Acme.App.Terminal;

/// <summary>
/// Where one answer appears, piece by piece: as Markdown after a spinner, or as it is, for a pipe or a terminal that only prints.
/// What is written comes from the guarded road, free of control sequences.
/// </summary>
internal sealed class AnswerView : IDisposable
{
    private static readonly string[] s_frames = ["·  ", "·· ", "···", " ··", "  ·", "   "];

    private readonly CancellationTokenSource _answered = new();
    private readonly TextWriter _output;
    private readonly MarkdownStream? _markdown;
    private readonly Task _spinner = Task.CompletedTask;
    private bool _isSpun;
    private bool _hasText;

    public AnswerView(TextWriter output, MarkdownStream? markdown, TimeProvider time)
    {
        (_output, _markdown) = (output, markdown);
        if (markdown is not null)
            _spinner = SpinAsync(time);
    }

    public void Write(string text)
    {
        StopSpinner();
        _hasText = true;
        if (_markdown is null)
            _output.Write(text);
        else
            _markdown.Push(text);
        _output.Flush();
    }

    /// <summary>The answer is complete, or has broken off.</summary>
    public void Dispose()
    {
        StopSpinner();
        _markdown?.End();
        if (_markdown is null && _hasText)
            _output.WriteLine();
        _output.Flush();
        _answered.Dispose();
    }

    private async Task SpinAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(120), time);
        try
        {
            for (var frame = 0; await timer.WaitForNextTickAsync(_answered.Token); frame++)
            {
                _output.Write($"\r{s_frames[frame % s_frames.Length]}");
                _output.Flush();
            }
        }
        catch (OperationCanceledException)
        {
            _isSpun = true;
        }
        catch (IOException)
        {
            // The terminal is closed, which whoever writes the answer finds, too.
        }
    }

    private void StopSpinner()
    {
        _answered.Cancel();
        _spinner.Wait();
        if (_isSpun)
            _output.Write("\r\u001b[K");
        _isSpun = false;
    }
}
