using Acme.App.Keys;

namespace Acme.App.Auditing;

/// <summary>
/// Records what happens to Mistral's key; when it cannot, the key stays as it is. The log is asked for only then: the key is
/// needed first, to be masked in all that is logged.
/// </summary>
internal sealed class AuditKeyEvents(IServiceProvider services) : IKeyEvents
{
    public Task RecordAsync(KeyEvent found)
    {
        var action = found.IsTaken ? AuditActions.KeyRotated : AuditActions.KeyRejected;
        return services.GetRequiredService<AuditLog>().WriteAsync(new AuditRecord(action)
        {
            Success = found.IsTaken,
            ErrorCode = found.IsTaken ? null : "key.rejected",
            KeyFingerprint = found.NewFingerprint,
            Detail = $"{found.Source}: from {found.OldFingerprint}, version {found.OldVersion}, "
                + $"to {found.NewFingerprint}, version {found.NewVersion}. {found.Reason}".TrimEnd(),
        }).AsTask();
    }
}
