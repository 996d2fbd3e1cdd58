using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace MistralTemplates.Harness;

/// <summary>A program that goes on while its caller talks to it. Disposing stops it, gently first.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_readLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Lock _lock = new();

    private RunningProgram(Process process) => _process = process;

    /// <summary>All that the program has written so far, to either stream.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
                return _output.ToString();
        }
    }

    public int Id => _process.Id;

    public static RunningProgram Start(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var process = new Process { StartInfo = Command.StartInfo(program, arguments, folder, environment) };
        var running = new RunningProgram(process);
        process.OutputDataReceived += (_, line) => running.Add(line.Data);
        process.ErrorDataReceived += (_, line) => running.Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in time; the message shows what the program wrote.</exception>
    /// <exception cref="InvalidOperationException">The program ended before.</exception>
    public async Task WaitForAsync(Func<bool> condition, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (_process.HasExited)
            {
                await ReadToEndAsync(cancellationToken);
                if (condition())
                    return;
                throw new InvalidOperationException($"The program ended with exit code {_process.ExitCode}.\n{Output}");
            }

            if (Stopwatch.GetElapsedTime(started) > timeLimit)
                throw new TimeoutException($"The program was not ready within {timeLimit.TotalSeconds} seconds.\n{Output}");
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Waits for what a program that has ended wrote last, unless another that it left behind keeps its output open.</summary>
    private async Task ReadToEndAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_readLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What came until now is what there is.
        }
    }

    /// <summary>Asks the program to stop, and kills it when it does not.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        if (!_process.HasExited)
        {
            RequestStop();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(s_stopLimit);
            await _process.WaitForExitAsync(limit.Token);
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is OperationCanceledException or Win32Exception)
        {
            // It does not end, or the machine has no kill to ask it.
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private void RequestStop()
    {
        if (OperatingSystem.IsWindows())
            _process.Kill(entireProcessTree: true);
        else
            Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lock)
            _output.AppendLine(line);
    }
}
