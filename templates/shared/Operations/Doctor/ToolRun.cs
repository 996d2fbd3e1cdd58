using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Acme.App.Operations.Doctor;

/// <summary>
/// One run of git or dotnet, read while it runs. Its pipes have threads of their own: a read that blocks holds a thread of the pool, which
/// has few and adds them slowly.
/// </summary>
internal sealed class ToolRun : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly string[] s_secretive = ["MISTRAL", "AWS_", "AZURE_", "GOOGLE_", "VAULT_", "IDENTITY_", "MSI_", "OTEL_", "GIT_TRACE"];

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task<bool> _writing;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _cancelling;

    public ToolRun(string program, string[] arguments, IEnumerable<string> input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        // It needs none of the program's settings and keys, and starts what the repository names. What a hook tells git, its index above all, stays.
        foreach (var name in start.Environment.Keys.Where(IsOfTheProgram).ToList())
            start.Environment.Remove(name);
        // Nor must it wait for anybody.
        foreach (var (name, value) in new[]
        {
            ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("LC_ALL", "C"),
            // What they put in a commit's place, or hide, is pushed all the same.
            ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_GRAFT_FILE", "/dev/null/none"),
        })
            start.Environment[name] = value;
        _process = Start(start);
        _cancellationToken = cancellationToken;
        _cancelling = cancellationToken.Register(Kill);
        _errors = OnThreadAsync(_process.StandardError.ReadToEnd);
        _writing = OnThreadAsync(() => Write(input));
    }

    /// <summary>
    /// Whether a variable is a setting of .NET's configuration, Mistral's key, or what a secret store is entered with; or has git write more than it
    /// is asked for.
    /// </summary>
    internal static bool IsOfTheProgram(string variable) =>
        (variable.Contains("__", StringComparison.Ordinal) && !variable.StartsWith("NuGet", StringComparison.OrdinalIgnoreCase))
        || variable.Contains(':', StringComparison.Ordinal) || variable.Contains("CONNSTR_", StringComparison.OrdinalIgnoreCase)
        || s_secretive.Any(start => variable.StartsWith(start, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The places where a program may lie, along PATH. Given a name alone, .NET looks into the current folder first, and a repository may hold a git of
    /// its own.
    /// </summary>
    internal static IEnumerable<string> PlacesOf(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Where(Path.IsPathFullyQualified).Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? program + ".exe" : program));

    public StreamReader Text => _process.StandardOutput;

    /// <summary>Runs what blocks.</summary>
    public static Task<T> OnThreadAsync<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits for the end, once the output is read.</summary>
    /// <returns>The exit code.</returns>
    public int End(out string error)
    {
        error = _errors.GetAwaiter().GetResult();
        _process.WaitForExit();
        _cancellationToken.ThrowIfCancellationRequested();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        _cancelling.Dispose();
        Kill();
        // To dispose of the process closes its input, and throws while another thread does the same.
        _writing.Wait(s_patience);
        _process.Dispose();
    }

    /// <summary>As a shell does: what cannot be started at one place may stand at the next.</summary>
    private static Process Start(ProcessStartInfo start)
    {
        var program = start.FileName;
        foreach (var place in PlacesOf(program).Where(File.Exists))
        {
            try
            {
                start.FileName = place;
                return Process.Start(start)!;
            }
            catch (Win32Exception)
            {
                // It is no program, or another user's.
            }
        }

        throw new Win32Exception($"'{program}' is not on the PATH.");
    }

    private bool Write(IEnumerable<string> input)
    {
        try
        {
            using var writer = _process.StandardInput;
            foreach (var text in input)
                writer.Write(text);
            return true;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // It ended before it had read all; its exit code says why.
            return false;
        }
    }

    private void Kill()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }
}
