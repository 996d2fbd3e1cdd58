using System.Diagnostics.Metrics;

namespace Acme.App.Keys;

/// <summary>What a dashboard shows of the key: its age, when its source last answered, and how rotations ended.</summary>
internal sealed class KeyMetrics : IDisposable
{
    public const string MeterName = "Acme.App.Keys";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _rotations;
    private KeyRing? _ring;

    public KeyMetrics()
    {
        _rotations = _meter.CreateCounter<long>("keys.rotations", description: "New keys found, by outcome.");
        _meter.CreateObservableGauge("keys.age", () => _ring?.Health.Age.TotalSeconds ?? 0, "s", "The age of the current key.");
        _meter.CreateObservableGauge(
            "keys.since_read", () => _ring?.Health.SinceRead.TotalSeconds ?? 0, "s", "The time since the key's source last gave a value.");
    }

    public void Observe(KeyRing ring) => _ring = ring;

    public void Rotated(string outcome) => _rotations.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Dispose() => _meter.Dispose();
}
