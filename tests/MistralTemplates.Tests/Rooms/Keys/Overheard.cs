using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text;

namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>Keeps all that traces, metrics, the runtime's and the stores' clients' own events, and the test itself say.</summary>
internal sealed class Overheard : EventListener
{
    private static readonly string[] Clients = ["System.Net.Http", "Azure", "Amazon", "AWS", "Google"];

    private readonly StringBuilder _said = new();
    private readonly ActivityListener _traces;
    private readonly MeterListener _metrics = new();

    public Overheard()
    {
        _traces = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => Say($"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Baggage)} {string.Join(' ', activity.Events.SelectMany(one => one.Tags))}"),
        };
        ActivitySource.AddActivityListener(_traces);
        _metrics.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _metrics.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Say($"{instrument.Name} {value} {string.Join(' ', tags.ToArray())}"));
        _metrics.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Say($"{instrument.Name} {value} {string.Join(' ', tags.ToArray())}"));
        _metrics.Start();
    }

    public override string ToString()
    {
        _metrics.RecordObservableInstruments();
        lock (_said)
            return _said.ToString();
    }

    public void Say(string text)
    {
        lock (_said)
            _said.AppendLine(text);
    }

    public override void Dispose()
    {
        base.Dispose();
        _traces.Dispose();
        _metrics.Dispose();
    }

    // The base's constructor calls these before the fields above are set.
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (Clients.Any(name => eventSource.Name.StartsWith(name, StringComparison.Ordinal)))
            EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (_said is not null)
            Say(string.Join(' ', eventData.Payload?.Select(one => Convert.ToString(one, CultureInfo.InvariantCulture)) ?? []));
    }
}
