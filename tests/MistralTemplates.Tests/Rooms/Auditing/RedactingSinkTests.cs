using Acme.App.Auditing;
using Acme.App.Keys;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class RedactingSinkTests
{
    private readonly StringWriter _output = new();
    private readonly string _first = Guid.NewGuid().ToString("N");
    private readonly string _second = Guid.NewGuid().ToString("N") + "+/=";
    private ApiKey? _current;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Emit_KeyAnywhereInTheEvent_IsMasked(int place)
    {
        using var log = Log();
        foreach (var key in new[] { _first, _second })
        {
            _current = new ApiKey(key, "1");
            foreach (var shape in Leaks.Shapes(key))
                Write(log, place, shape);
        }

        // The first key is no longer current, and is masked all the same.
        Write(log, place, _first);

        var text = _output.ToString();
        Assert.Equal(9, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(Leaks.Shapes(_first).Concat(Leaks.Shapes(_second)), shape => Assert.DoesNotContain(shape, text, StringComparison.Ordinal));
        Assert.Contains("[key " + _current!.Fingerprint + "]", text, StringComparison.Ordinal);
    }

    /// <summary>Of base64 amid other bytes at most a few bits of the key's ends are left, in the letters that it shares with them.</summary>
    [Fact]
    public void Emit_KeyAmidOtherBytes_IsMasked()
    {
        using var log = Log();
        _current = new ApiKey(_second, "1");
        var shapes = Leaks.HiddenShapes(_second).ToList();

        foreach (var shape in shapes)
            log.Information("Said {Text}", shape);

        var lines = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, lines.Length);
        Assert.All(lines.Zip(shapes), pair => Assert.DoesNotContain(pair.Second[8..^4], pair.First, StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Contains("[key " + _current.Fingerprint + "]", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Emit_NoKeyInTheEvent_PassesItOnAsItIs()
    {
        var events = new List<LogEvent>();
        using var sink = new RedactingSink(new ListSink(events), new KnownKeys(() => new ApiKey(_first, "1")));
        using var log = new LoggerConfiguration().WriteTo.Sink(sink).CreateLogger();

        log.Information("The {Subject} is fine.", "weather");

        Assert.Equal("weather", Assert.IsType<ScalarValue>(Assert.Single(events).Properties["Subject"]).Value);
    }

    [Fact]
    public void Emit_BeforeAKeyIsKnown_PassesEventsOn()
    {
        using var log = Log();

        log.Information("Starting.");

        Assert.Contains("Starting.", _output.ToString(), StringComparison.Ordinal);
    }

    private static void Write(Logger log, int place, string text)
    {
        switch (place)
        {
            case 0: log.Information("Said " + text); break;
            case 1: log.Information("Said {Text}", text); break;
            case 2: log.Information("Said {@Thing}", new { Inner = new { Text = new[] { text } } }); break;
            case 3: log.Information("Said {Pairs}", new Dictionary<string, string> { [text] = "x" }); break;
            case 4: log.Information(new InvalidOperationException("Outer.", new ArgumentException(text)), "Failed."); break;
            case 5: log.ForContext("X-" + text, 1).Information("Named."); break;
            default: log.Information("Asked {Uri}", new Uri("https://example.test/?" + text)); break;
        }
    }

    private Logger Log()
    {
        var inner = new LoggerConfiguration().WriteTo.Sink(new WriterSink(_output)).CreateLogger();
        return new LoggerConfiguration().WriteTo.Sink(new RedactingSink(inner, new KnownKeys(() => _current))).CreateLogger();
    }

    private sealed class WriterSink(TextWriter output) : ILogEventSink
    {
        private readonly CompactJsonFormatter _formatter = new();

        public void Emit(LogEvent logEvent) => _formatter.Format(logEvent, output);
    }

    private sealed class ListSink(List<LogEvent> events) : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => events.Add(logEvent);
    }
}
