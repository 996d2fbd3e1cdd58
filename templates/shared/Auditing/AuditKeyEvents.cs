using Acme.App.Keys;

namespace Acme.App.Auditing;

/// <summary>Records what happens to Mistral's key; when it cannot, the key stays as it is.</summary>
internal sealed class AuditKeyEvents(AuditLog audit) : IKeyEvents
{
    public void Record(KeyEvent keyEvent) => audit.WriteAsync(new AuditRecord(keyEvent.Kind == KeyEventKind.Rotated ? AuditActions.KeyRotated : AuditActions.KeyRejected)
    {
        Success = keyEvent.Kind == KeyEventKind.Rotated,
        ErrorCode = keyEvent.Kind == KeyEventKind.Rotated ? null : "key.rejected",
        KeyFingerprint = keyEvent.NewFingerprint,
        Detail = $"{keyEvent.Source}: from {keyEvent.OldFingerprint}, version {keyEvent.OldVersion}, to {keyEvent.NewFingerprint}, version {keyEvent.NewVersion}. {keyEvent.Reason}".TrimEnd(),
    }).AsTask().GetAwaiter().GetResult();
}
