using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Documents;

/// <summary>A service that a README has its reader start in one terminal, while the next command is for a second one.</summary>
internal sealed class RunningServices : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private RunningProgram? _program;

    public async Task StartAsync(string command, GeneratedRepository repository, CancellationToken cancellationToken)
    {
        _program = RunningProgram.Start("sh", ["-c", "exec " + command], repository.Folder);
        await WaitForAsync(() => _program.Output.Contains("Application started", StringComparison.Ordinal), cancellationToken);
    }

    public Task WaitForAsync(Func<bool> condition, CancellationToken cancellationToken) =>
        _program?.WaitForAsync(condition, s_limit, cancellationToken) ?? throw new InvalidOperationException("Nothing was started.");

    public ValueTask DisposeAsync() => _program?.DisposeAsync() ?? ValueTask.CompletedTask;
}
