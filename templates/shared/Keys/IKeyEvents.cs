namespace Acme.App.Keys;

internal enum KeyEventKind
{
    /// <summary>Mistral accepted the new key, and it is current from now on.</summary>
    Rotated,

    /// <summary>The new key was not taken; the old one stays.</summary>
    Rejected,
}

/// <summary>What happened to the key, in fingerprints and versions only.</summary>
internal sealed record KeyEvent(KeyEventKind Kind, string Source, string OldFingerprint, string OldVersion, string NewFingerprint, string NewVersion, string? Reason);

/// <summary>Keeps a record of what happens to the key. The audit implements it; when it throws, the old key stays.</summary>
internal interface IKeyEvents
{
    void Record(KeyEvent keyEvent);
}
