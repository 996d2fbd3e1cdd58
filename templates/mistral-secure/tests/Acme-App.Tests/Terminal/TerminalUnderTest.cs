using System.Diagnostics;
using System.Text;

namespace Acme.App.Tests.Terminal;

/// <summary>The program with somebody at its terminal.</summary>
internal static class TerminalUnderTest
{
    private const string Script = "/usr/bin/script";

    /// <summary>Skips the test where no terminal can be made.</summary>
    public static void Require() => Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Script), "There is no 'script' to make a terminal with.");

    /// <summary>Runs the program, and sends it a signal, as Ctrl+C does, once something holds.</summary>
    public static async Task<(int ExitCode, string Output)> InterruptAsync(
        this ProgramUnderTest program, string signal, Func<bool> condition, params string[] arguments)
    {
        using var process = program.Start(arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var started = Stopwatch.GetTimestamp();
            while (!condition())
            {
                Assert.True(Stopwatch.GetElapsedTime(started) < ProgramUnderTest.TimeLimit, "The moment to interrupt did not come.");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            // Of a terminal that is closed both the system and the shell tell.
            var command = signal == "INT" ? $"kill -INT {process.Id}" : $"kill -{signal} {process.Id}; sleep 0.01; kill -{signal} {process.Id}";
            using (var kill = Process.Start("sh", ["-c", command]))
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(ProgramUnderTest.TimeLimit, TestContext.Current.CancellationToken);
            return (process.ExitCode, await output);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Runs the program at a terminal, and types each text once the one before it was shown.</summary>
    public static async Task<(int ExitCode, string Shown)> TypeAsync(
        this ProgramUnderTest program, (string Awaited, string Typed)[] steps, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(ProgramUnderTest.TimeLimit);
        using var process = program.Start(arguments, Script);
        var (shown, buffer, seen, step) = (new StringBuilder(), new char[1024], 0, 0);
        try
        {
            while (await process.StandardOutput.ReadAsync(buffer, limit.Token) is > 0 and var read)
            {
                shown.Append(buffer, 0, read);
                if (step == steps.Length || shown.ToString().IndexOf(steps[step].Awaited, seen, StringComparison.Ordinal) < 0)
                    continue;
                seen = shown.Length;
                // The text stands before the program has begun to read keys.
                await Task.Delay(500, limit.Token);
                await process.StandardInput.WriteAsync(steps[step++].Typed.AsMemory(), limit.Token);
                await process.StandardInput.FlushAsync(limit.Token);
            }

            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, shown.ToString());
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The program waited for something else.\n{shown}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
