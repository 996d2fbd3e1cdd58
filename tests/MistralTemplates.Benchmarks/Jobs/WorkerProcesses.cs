using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Jobs;

/// <summary>Builds the worker, and starts it with the offline stand-in and an audit log of its own.</summary>
internal sealed class WorkerProcesses(string folder, string scale)
{
    private static readonly ConcurrentDictionary<string, Lazy<Task>> s_builds = new();
    private static readonly string s_project = Path.Combine(TemplatePack.RepositoryRoot, "templates", "mistral-secure-worker");

    public string ProgramFile => Path.Combine(s_project, "bin", "Drill" + scale, "net10.0", "Acme-App.dll");

    /// <summary>Builds the worker, once for all who ask.</summary>
    public Task BuildAsync(CancellationToken cancellationToken) => s_builds.GetOrAdd(scale, scale => new Lazy<Task>(async () =>
        (await Command.RunAsync("dotnet", ["build", s_project, "-c", "Drill" + scale, $"-p:TemplateScale={scale}", "-p:Optimize=true", "-v", "q", "-nologo"], folder, TimeSpan.FromMinutes(5), cancellationToken))
            .EnsureSuccess("Building the worker"))).Value;

    public Dictionary<string, string> Settings(int worker, params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Mistral__Offline"] = "true",
            ["Audit__Path"] = Path.Combine(folder, $"audit-{worker}", "audit.jsonl"),
            ["Audit__CheckpointPath"] = Path.Combine(folder, $"audit-{worker}", "checkpoints.txt"),
            ["Jobs__HealthFile"] = Path.Combine(folder, $"health-{worker}.json"),
            ["Jobs__PollInterval"] = "00:00:00.020",
        };
        foreach (var (name, value) in more)
            settings[name] = value;
        return settings;
    }

    public RunningProgram Start(IReadOnlyDictionary<string, string> settings) => RunningProgram.Start("dotnet", ["exec", ProgramFile], folder, settings);

    public Task<CommandResult> RunAsync(IReadOnlyDictionary<string, string> settings, params string[] arguments) =>
        Command.RunAsync("dotnet", ["exec", ProgramFile, .. arguments], folder, TimeSpan.FromMinutes(2), CancellationToken.None, settings);

    /// <summary>SIGKILL: the process gets no chance to do anything more.</summary>
    public static async Task KillAsync(RunningProgram program)
    {
        using var process = Process.GetProcessById(program.Id);
        process.Kill();
        await process.WaitForExitAsync();
    }

    public static long MemoryOf(RunningProgram program)
    {
        using var process = Process.GetProcessById(program.Id);
        return process.WorkingSet64 / (1024 * 1024);
    }

    public static string Job(int number) => string.Create(CultureInfo.InvariantCulture, $$"""{"user":"user-{{number % 10}}","messages":[{"role":"user","content":"Question {{number}}"}]}""");
}
