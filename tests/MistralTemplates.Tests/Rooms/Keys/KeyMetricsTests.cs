using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Acme.App.Keys;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class KeyMetricsTests
{
    [Fact]
    public async Task Metrics_TimePassesAndAKeyIsTaken_TellAgeAndOutcome()
    {
        var seen = new ConcurrentQueue<(string Name, double Value, string? Outcome)>();
        using var metrics = new MeterListener();
        metrics.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == KeyMetrics.MeterName)
                listener.EnableMeasurementEvents(instrument);
        };
        metrics.SetMeasurementEventCallback<double>((instrument, value, _, _) => seen.Enqueue((instrument.Name, value, null)));
        metrics.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Enqueue((instrument.Name, value, tags[0].Value as string)));
        var time = new FakeTimeProvider();
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), time);
        metrics.Start();

        time.Advance(TimeSpan.FromSeconds(7_654_321));
        metrics.RecordObservableInstruments();
        source.Key = Some.Key(2);
        await ring.PollAsync(TestContext.Current.CancellationToken);

        // Other tests have rings of their own, which are not as old.
        Assert.Contains(("keys.age", 7_654_321, null), seen);
        Assert.Contains(("keys.since_read", 7_654_321, null), seen);
        Assert.Contains(("keys.rotations", 1, "accepted"), seen);
    }
}
