using System.Diagnostics;
using System.Text;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests;

/// <summary>The built program, run as its users run it, in a folder of its own for what it writes.</summary>
internal sealed class ProgramUnderTest : IDisposable
{
    /// <summary>Makes a terminal for a program.</summary>
    public const string Terminal = "/usr/bin/script";

    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(60);
    private readonly string _data = Directory.CreateTempSubdirectory("program-under-test-").FullName;

    /// <summary>Settings as environment variables; start with <see cref="SettingsFor"/>.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    public string AuditFile => Path.Combine(_data, "audit.jsonl");

    public string JobsFolder => Path.Combine(_data, "jobs");

    /// <summary>The settings of a program that asks the stand-in.</summary>
    public static Dictionary<string, string> SettingsFor(MistralStandIn standIn) => new()
    {
        ["Mistral__Endpoint"] = standIn.Endpoint.ToString(),
        ["MISTRAL_API_KEY_DEV"] = MistralStandIn.UsualKey,
    };

    /// <summary>Runs the program to its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        var cancellationToken = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken).WaitAsync(s_timeLimit, cancellationToken);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Writes a file for the program to read.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(_data, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Runs the program, and sends it SIGINT, as Ctrl+C does, once something holds.</summary>
    public async Task<(int ExitCode, string Output)> InterruptAsync(Func<bool> condition, params string[] arguments)
    {
        using var process = Start(arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var started = Stopwatch.GetTimestamp();
            while (!condition())
            {
                Assert.True(Stopwatch.GetElapsedTime(started) < s_timeLimit, "The moment to interrupt did not come.");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            using (var kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_timeLimit, TestContext.Current.CancellationToken);
            return (process.ExitCode, await output);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Runs the program at a terminal, and types each text once the one before it was shown.</summary>
    public async Task<(int ExitCode, string Shown)> TypeAsync((string Awaited, string Typed)[] steps, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_timeLimit);
        using var process = Start(arguments, atTerminal: true);
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

    /// <summary>Runs the program until a file stands, then ends it.</summary>
    public async Task RunUntilAsync(string file, params string[] arguments)
    {
        using var process = Start(arguments);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (!File.Exists(file))
            {
                Assert.False(process.HasExited, "The program ended too early.");
                Assert.True(Stopwatch.GetElapsedTime(started) < s_timeLimit, $"{Path.GetFileName(file)} did not come.");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(s_timeLimit);
        }
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private Process Start(string[] arguments, bool atTerminal = false)
    {
        // With the tests' own dependencies: in this folder stand those that the stand-in needs, too.
        string[] command =
        [
            "exec",
            "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "Acme-App.Tests.runtimeconfig.json"),
            "--depsfile", Path.Combine(AppContext.BaseDirectory, "Acme-App.Tests.deps.json"),
            Path.Combine(AppContext.BaseDirectory, "Acme-App.dll"),
            .. arguments,
        ];
        var start = new ProcessStartInfo(atTerminal ? Terminal : "dotnet", atTerminal ? ["-qec", $"dotnet '{string.Join("' '", command)}'", "/dev/null"] : command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MISTRAL", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);

        start.Environment["TERM"] = "xterm";
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        // The test's own folder: no .env of the repository is read, and its settings are the project's.
        start.Environment["DOTNET_CONTENTROOT"] = AppContext.BaseDirectory;
        start.Environment["Audit__Path"] = AuditFile;
        start.Environment["Audit__CheckpointPath"] = Path.Combine(_data, "checkpoints.txt");
        start.Environment["Jobs__Path"] = JobsFolder;
        start.Environment["Jobs__HealthFile"] = Path.Combine(_data, "health.json");
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("The program did not start.");
    }
}
