namespace Acme.App.Auditing;

/// <summary>Opens the log before anything else starts: a second process on the same log does not get further.</summary>
internal sealed class AuditStart(AuditWriter writer, AuditLog audit) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        writer.TakeLock();
        audit.CheckStatus();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
