using Acme.App.Keys;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace Acme.App.Auditing;

/// <summary>
/// Stands before every sink of the application's logs and masks every key that was ever in use, wherever it turns up in an event:
/// in the template, in a property's name or value, in an exception.
/// </summary>
internal sealed class RedactingSink(ILogEventSink inner, KnownKeys keys) : ILogEventSink, IDisposable
{
    private static readonly MessageTemplateParser s_parser = new();

    public void Emit(LogEvent logEvent) => inner.Emit(Redact(logEvent));

    public void Dispose() => (inner as IDisposable)?.Dispose();

    private LogEvent Redact(LogEvent logEvent)
    {
        var template = keys.Mask(logEvent.MessageTemplate.Text);
        var changed = !ReferenceEquals(template, logEvent.MessageTemplate.Text);
        var properties = new Dictionary<string, LogEventPropertyValue>(logEvent.Properties.Count);
        foreach (var (name, value) in logEvent.Properties)
        {
            var (maskedName, maskedValue) = (keys.Mask(name), Redact(value));
            changed |= !ReferenceEquals(maskedName, name) || !ReferenceEquals(maskedValue, value);
            properties[maskedName] = maskedValue;
        }

        var text = logEvent.Exception?.ToString();
        var maskedText = text is null ? null : keys.Mask(text);
        changed |= !ReferenceEquals(text, maskedText);
        return !changed ? logEvent : new LogEvent(
            logEvent.Timestamp, logEvent.Level, ReferenceEquals(text, maskedText) ? logEvent.Exception : new MaskedException(maskedText!),
            s_parser.Parse(template), properties.Select(property => new LogEventProperty(property.Key, property.Value)),
            logEvent.TraceId ?? default, logEvent.SpanId ?? default);
    }

    private LogEventPropertyValue Redact(LogEventPropertyValue value) => value switch
    {
        ScalarValue { Value: null or bool or char or IConvertible and not string or DateTimeOffset or TimeSpan or Guid } => value,
        ScalarValue { Value: string text } => keys.Mask(text) is var masked && ReferenceEquals(masked, text) ? value : new ScalarValue(masked),
        ScalarValue { Value: var other } => other.ToString() is { } text && keys.Mask(text) is var masked && !ReferenceEquals(masked, text) ? new ScalarValue(masked) : value,
        SequenceValue { Elements: var elements } => Changed(elements, [.. elements.Select(Redact)]) is { } redacted ? new SequenceValue(redacted) : value,
        StructureValue { Properties: var members } structure => new StructureValue(members.Select(member => new LogEventProperty(keys.Mask(member.Name), Redact(member.Value))), structure.TypeTag),
        DictionaryValue { Elements: var pairs } => new DictionaryValue(pairs.Select(pair =>
            new KeyValuePair<ScalarValue, LogEventPropertyValue>((ScalarValue)Redact(pair.Key), Redact(pair.Value)))),
        _ => new ScalarValue(keys.Mask(value.ToString())),
    };

    private static LogEventPropertyValue[]? Changed(IReadOnlyList<LogEventPropertyValue> before, LogEventPropertyValue[] after) =>
        before.SequenceEqual(after, ReferenceEqualityComparer.Instance) ? null : after;

    /// <summary>Stands for an exception whose text held a key.</summary>
    private sealed class MaskedException(string text) : Exception("An exception's text was masked.")
    {
        public override string ToString() => text;
    }
}
