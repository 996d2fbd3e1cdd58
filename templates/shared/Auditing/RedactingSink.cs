using System.Buffers;
using System.Text;
using System.Text.Json;
using Acme.App.Keys;
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

/// <summary>
/// Finds every key that was ever in use in a text: as it is, in base64 by itself or amid other bytes, escaped for JSON or a URL, or its
/// first eight characters alone.
/// </summary>
internal sealed class KnownKeys(Func<ApiKey?> current)
{
    private const int MaxKeys = 32;
    private const int PrefixLength = 8;

    private readonly Lock _gate = new();
    private readonly List<ApiKey> _seen = [];
    private volatile Shapes _shapes = new([], SearchValues.Create([], StringComparison.Ordinal), Newest: null);

    /// <returns>The text itself when no key is in it.</returns>
    public string Mask(string text)
    {
        var shapes = current() is { } key && !ReferenceEquals(key, _shapes.Newest) ? Learn(key) : _shapes;
        if (!text.AsSpan().ContainsAny(shapes.Search))
            return text;

        return shapes.All.Aggregate(text, (masked, shape) => masked.Replace(shape.Text, shape.Mask, StringComparison.Ordinal));
    }

    private Shapes Learn(ApiKey key)
    {
        lock (_gate)
        {
            _seen.RemoveAll(seen => seen.Fingerprint == key.Fingerprint);
            _seen.Add(key);
            _seen.RemoveRange(0, Math.Max(0, _seen.Count - MaxKeys));
            var all = _seen.SelectMany(ShapesOf).ToArray();
            return _shapes = new Shapes(all, SearchValues.Create([.. all.Select(shape => shape.Text)], StringComparison.Ordinal), key);
        }
    }

    // Longest first: the first characters alone are looked for in what is left.
    private static IEnumerable<(string Text, string Mask)> ShapesOf(ApiKey key)
    {
        var (value, mask) = (key.Reveal(), $"[key {key.Fingerprint}]");
        var prefix = value.Length >= 2 * PrefixLength ? value[..PrefixLength] : value;
        var bytes = Encoding.UTF8.GetBytes(value);
        IEnumerable<string> texts =
        [
            Convert.ToBase64String(bytes), .. Enumerable.Range(0, 3).SelectMany(before => Base64Amid(bytes, before)),
            Uri.EscapeDataString(value), JsonEncodedText.Encode(value).Value, value, prefix,
        ];
        return texts.Where(text => text.Length >= prefix.Length).Distinct().Select(text => (text, mask));
    }

    /// <summary>What base64, and the one for URLs (RFC 4648, section 5), shows of the bytes alone, with so many others before them.</summary>
    private static IEnumerable<string> Base64Amid(byte[] bytes, int before)
    {
        var (start, end) = (((8 * before) + 5) / 6, 8 * (before + bytes.Length) / 6);
        var text = Convert.ToBase64String([.. new byte[before], .. bytes])[start..Math.Max(start, end)];
        return [text, text.Replace('+', '-').Replace('/', '_')];
    }

    private sealed record Shapes(IReadOnlyList<(string Text, string Mask)> All, SearchValues<string> Search, ApiKey? Newest);
}
