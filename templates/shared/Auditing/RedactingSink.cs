using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Parsing;

namespace Acme.App.Auditing;

/// <summary>
/// Stands before every sink of the application's logs. An event that holds a key anywhere, in its template, in a property's name
/// or value, in an exception, goes on as its own text with the key masked; all others go on as they are.
/// </summary>
internal sealed class RedactingSink(ILogEventSink inner, KnownKeys keys) : ILogEventSink, IDisposable
{
    private static readonly CompactJsonFormatter s_formatter = new();
    private static readonly MessageTemplate s_template = new MessageTemplateParser().Parse("{Masked:l}");

    public void Emit(LogEvent logEvent)
    {
        var writer = new StringWriter();
        s_formatter.Format(logEvent, writer);
        var text = writer.ToString();
        var masked = keys.Mask(text);
        inner.Emit(ReferenceEquals(masked, text) ? logEvent : new LogEvent(
            logEvent.Timestamp, logEvent.Level, null, s_template, [new LogEventProperty("Masked", new ScalarValue(masked.TrimEnd()))],
            logEvent.TraceId ?? default, logEvent.SpanId ?? default));
    }

    public void Dispose() => (inner as IDisposable)?.Dispose();
}
