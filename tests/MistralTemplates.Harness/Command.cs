using System.Diagnostics;
using System.Text;

namespace MistralTemplates.Harness;

/// <summary>What a finished command said.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The result itself when the command succeeded.</summary>
    /// <exception cref="InvalidOperationException">The exit code was not 0; the message holds both outputs.</exception>
    public CommandResult EnsureSuccess(string what) => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"{what} ended with exit code {ExitCode}.\n{Output}\n{Error}");
}

/// <summary>Runs a command in a surrounding that does not depend on who runs it.</summary>
public static class Command
{
    private static readonly string[] s_foreignPrefixes = ["MISTRAL", "Mistral__", "Audit__", "Jobs__", "Keys__", "Guards__", "Access__", "Redis__", "OTEL_", "Authentication__", "ASPNETCORE_", "DOTNET_ENVIRONMENT", "DOTNET_URLS", "MSBuild", "MSBUILD"];

    /// <param name="timeLimit">After this the command and its children are killed.</param>
    /// <exception cref="TimeoutException">The command did not end in time.</exception>
    public static async Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string folder,
        TimeSpan timeLimit,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? environment = null,
        string? input = null)
    {
        using var process = Process.Start(StartInfo(program, arguments, folder, environment))
            ?? throw new InvalidOperationException($"'{program}' did not start.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeLimit);

        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"'{program} {string.Join(' ', arguments)}' did not end within {timeLimit.TotalSeconds} seconds.");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>A start with redirected streams and none of the caller's settings for Mistral, ASP.NET Core or MSBuild.</summary>
    internal static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // By it dotnet decides how wide its help is.
        start.Environment["TERM"] = "xterm";
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToArray())
            start.Environment.Remove(name);

        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // Built and run where years and negative numbers are written otherwise: neither may follow the user's country.
        start.Environment["LANG"] = "ar_SA.UTF-8";
        start.Environment.Remove("LC_ALL");
        // A build node that outlives its build would keep the redirected streams open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        // Without nodes MSBuild would also do without the compiler's server, and each build would warm the compiler up anew.
        start.Environment["UseSharedCompilation"] = "true";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }

    private static bool IsForeign(string name) => s_foreignPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}
