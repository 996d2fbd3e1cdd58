namespace Acme.App.Keys;

/// <summary>How the key is doing, for a health check.</summary>
/// <param name="Ready">Whether the key may be used.</param>
/// <param name="Source">Where it came from.</param>
/// <param name="Fingerprint">The current key's fingerprint, or none when no key is needed.</param>
/// <param name="Version">The current key's version.</param>
/// <param name="Age">How old the key is: since its source came to hold it, or where the source does not say, since this program first read it.</param>
/// <param name="SinceRead">How long ago the source last gave a value.</param>
/// <param name="Warning">What needs someone's attention, a full sentence, or nothing.</param>
internal sealed record KeyHealth(bool Ready, string Source, string? Fingerprint, string? Version, TimeSpan Age, TimeSpan SinceRead, string? Warning);
