using System.Diagnostics;
using System.Globalization;
using System.Text;
using Acme.App.Guards;
using Acme.App.Operations.Doctor;

namespace MistralTemplates.Benchmarks.Operations;

/// <summary>
/// Measures the doctor's search for secrets against <c>git log -p --all -S MISTRAL_API_KEY</c>, on a history of 10,000 commits that is made
/// by <c>git fast-import</c>. All are processes of their own, so that the doctor's start is part of its time. The console runs
/// without the runtime's profile, which watches a method before it is optimised; the API and the worker, which run for long, with it.
/// </summary>
internal static class HistoryCommand
{
    private const int Commits = 10_000;
    private const int CommitsForAKey = 1000;
    private const int Rounds = 3;

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("history-").FullName;
        try
        {
            await MakeAsync(folder, cancellationToken);
            string[] doctor = [Environment.ProcessPath!, .. Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? new[] { typeof(HistoryCommand).Assembly.Location } : [], "history-search", folder];
            for (var round = 1; round <= Rounds; round++)
            {
                var git = await MeasureAsync(["git", "-C", folder, "log", "-p", "--all", "-S", "MISTRAL_API_KEY"], cancellationToken);
                var console = await MeasureAsync(doctor, cancellationToken, ("DOTNET_TieredPGO", "0"));
                var server = await MeasureAsync(doctor, cancellationToken);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round}: git log -S {git.TotalSeconds:F2} s, the console's doctor {console.TotalSeconds:F2} s, {console / git:F2} of it, the API's and the worker's {server.TotalSeconds:F2} s, {server / git:F2} of it"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static int Search(string folder, CancellationToken cancellationToken)
    {
        var git = GitRepository.Open(folder, isDemanded: true, cancellationToken);
        var verdict = new SecretSearch(git!, new HashSet<string>(), new SensitiveDataOptions(), []).SearchAll(cancellationToken);
        Console.WriteLine($"{verdict.Mark}: {verdict.Found}");
        return 0;
    }

    private static async Task MakeAsync(string folder, CancellationToken cancellationToken)
    {
        await MeasureAsync(["git", "init", "-q", "-b", "main", folder], cancellationToken);
        using var import = Process.Start(new ProcessStartInfo("git", ["-C", folder, "fast-import", "--quiet"]) { RedirectStandardInput = true })!;
        var files = new ChangingFiles(new Random(1));
        await using (var writer = new StreamWriter(import.StandardInput.BaseStream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" })
        {
            for (var commit = 1; commit <= Commits; commit++)
            {
                await writer.WriteAsync($"commit refs/heads/main\ncommitter Ada <ada@example.org> {1_700_000_000 + commit} +0000\ndata 1\nx\n");
                foreach (var (path, text) in files.Change(bringsKey: commit % CommitsForAKey == 0))
                    await writer.WriteAsync($"M 100644 inline {path}\ndata {text.Length}\n{text}\n");
            }
        }

        await import.WaitForExitAsync(cancellationToken);
        // As a clone has it: one pack, with git's own choice of deltas instead of the poor one that an import makes.
        await MeasureAsync(["git", "-C", folder, "repack", "-a", "-d", "-f", "-q"], cancellationToken);
        await MeasureAsync(["git", "-C", folder, "checkout", "-q", "main"], cancellationToken);
    }

    private static async Task<TimeSpan> MeasureAsync(string[] command, CancellationToken cancellationToken, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? Stopwatch.GetElapsedTime(started) : throw new InvalidOperationException($"{command[0]} ended with {process.ExitCode}.");
    }
}
