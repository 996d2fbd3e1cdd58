using System.Diagnostics;
using System.Text;
using Serilog.Events;
using Serilog.Parsing;

namespace Acme.App.Auditing;

/// <summary>A record on its way through Serilog. Printed, it is what was written of it, so that a forwarding sink sends the very lines of the chain.</summary>
internal sealed class AuditEntry(AuditRecord record, Caller caller)
{
    private const string Property = "Audit";

    private static readonly MessageTemplate s_template = new MessageTemplateParser().Parse("{Audit:l}");

    public AuditRecord Record { get; } = record;

    public Caller Caller { get; } = caller;

    public string? TraceId { get; } = Activity.Current?.TraceId.ToString();

    /// <summary>The lines that writing this entry came to: its own, and before it one for a new file, a start or a recovery.</summary>
    public StringBuilder? Written { get; init; }

    public static AuditEntry From(LogEvent logEvent) => (AuditEntry)((ScalarValue)logEvent.Properties[Property]).Value!;

    public LogEvent ToEvent(DateTimeOffset now) =>
        new(now, LogEventLevel.Information, exception: null, s_template, [new LogEventProperty(Property, new ScalarValue(this))]);

    public override string ToString() => Written?.ToString() ?? Record.Action;
}
