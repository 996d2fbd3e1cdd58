using Acme.App.Keys;

namespace Acme.App.Auditing;

/// <summary>
/// Records what happens to Mistral's key; when it cannot, the key stays as it is. The log is asked for only then: the key is
/// needed first, to be masked in all that is logged.
/// </summary>
internal sealed class AuditKeyEvents(IServiceProvider services) : IKeyEvents
{
    public void Record(KeyEvent keyEvent) => services.GetRequiredService<AuditLog>().WriteAsync(new AuditRecord(keyEvent.IsTaken ? AuditActions.KeyRotated : AuditActions.KeyRejected)
    {
        Success = keyEvent.IsTaken,
        ErrorCode = keyEvent.IsTaken ? null : "key.rejected",
        KeyFingerprint = keyEvent.NewFingerprint,
        Detail = $"{keyEvent.Source}: from {keyEvent.OldFingerprint}, version {keyEvent.OldVersion}, to {keyEvent.NewFingerprint}, version {keyEvent.NewVersion}. {keyEvent.Reason}".TrimEnd(),
    }).AsTask().GetAwaiter().GetResult();
}
