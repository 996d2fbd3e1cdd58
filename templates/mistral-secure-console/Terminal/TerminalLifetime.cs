namespace Acme.App.Terminal;

/// <summary>Leaves Ctrl+C to the conversation; the host's own lifetime would take it at all times.</summary>
internal sealed class TerminalLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
