using System.Diagnostics;
using System.Text;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests;

/// <summary>The built program, run as its users run it, in a folder of its own.</summary>
internal sealed class ProgramUnderTest : IDisposable
{
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    /// <summary>Settings as environment variables; start with <see cref="SettingsFor"/>.</summary>
    public required Dictionary<string, string> Settings { get; init; }

    /// <summary>The program's home, with all that it writes.</summary>
    public string Folder { get; } = TestHome.Create("program-under-test-");

    public string AuditFile => Path.Combine(Folder, "audit.jsonl");

    /// <summary>The settings of a program that asks the stand-in.</summary>
    public static Dictionary<string, string> SettingsFor(MistralStandIn standIn) => new()
    {
        ["Mistral__Endpoint"] = standIn.Endpoint.ToString(),
        ["MISTRAL_API_KEY_DEV"] = MistralStandIn.UsualKey,
    };

    /// <summary>Runs the program to its end.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunAsync(string input, params string[] arguments) =>
        RunAsync(Encoding.UTF8.GetBytes(input), arguments);

    public async Task<(int ExitCode, string Output, string Error)> RunAsync(byte[] input, params string[] arguments)
    {
        using var process = Start(arguments);
        var cancellationToken = TestContext.Current.CancellationToken;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken).WaitAsync(TimeLimit, cancellationToken);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Writes a file for the program to read.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <param name="terminal">A program that makes a terminal for another; without it all streams are pipes.</param>
    public Process Start(string[] arguments, string? terminal = null)
    {
        // With the tests' own dependencies: in this folder stand those that the stand-in needs, too.
        string[] command =
        [
            "exec",
            "--runtimeconfig", Path.ChangeExtension(typeof(ProgramUnderTest).Assembly.Location, ".runtimeconfig.json"),
            "--depsfile", Path.ChangeExtension(typeof(ProgramUnderTest).Assembly.Location, ".deps.json"),
            typeof(Configuration.StartUp).Assembly.Location,
            .. arguments,
        ];
        var start = new ProcessStartInfo(
            terminal ?? "dotnet", terminal is not null ? ["-qec", $"dotnet '{string.Join("' '", command)}'", "/dev/null"] : command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(TestHome.IsSetting).ToArray())
            start.Environment.Remove(name);

        start.Environment["TERM"] = "xterm";
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        start.Environment["DOTNET_CONTENTROOT"] = Folder;
        start.Environment["Audit__Path"] = AuditFile;
        start.Environment["Audit__CheckpointPath"] = Path.Combine(Folder, "checkpoints.txt");
        foreach (var (setting, value) in TestHome.Settings)
            start.Environment[setting.Replace(":", "__", StringComparison.Ordinal)] = value;
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException("The program did not start.");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
