namespace Acme.App.Keys;

/// <summary>A new key was found, in fingerprints and versions only: Mistral accepted it and it is current, or it was not taken and the old one stays.</summary>
internal sealed record KeyEvent(
    bool IsTaken, string Source, string OldFingerprint, string OldVersion, string NewFingerprint, string NewVersion, string? Reason);

/// <summary>Keeps a record of what happens to the key. The audit implements it; when it throws, the old key stays.</summary>
internal interface IKeyEvents
{
    Task RecordAsync(KeyEvent keyEvent);
}
