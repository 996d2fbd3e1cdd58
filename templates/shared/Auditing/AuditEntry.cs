using System.Text;
using Serilog.Events;
using Serilog.Parsing;

namespace Acme.App.Auditing;

/// <summary>A record on its way through Serilog. It prints as what was written of it, so that forwarding sinks send the very lines of the chain.</summary>
internal sealed class AuditEntry(AuditRecord record, bool keepLines)
{
    private static readonly MessageTemplate s_template = new MessageTemplateParser().Parse("{Audit:l}");

    public AuditRecord Record { get; } = record;

    /// <summary>The lines it came to: its own, and any that opening or rolling the file wrote before.</summary>
    public StringBuilder? Lines { get; } = keepLines ? new StringBuilder() : null;

    /// <summary>Completes when the record is on the disk; null where that is not waited for.</summary>
    public TaskCompletionSource? Down { get; set; }

    public static AuditEntry From(LogEvent logEvent) => (AuditEntry)((ScalarValue)logEvent.Properties["Audit"]).Value!;

    public LogEvent ToEvent(DateTimeOffset now) =>
        new(now, LogEventLevel.Information, null, s_template, [new LogEventProperty("Audit", new ScalarValue(this))]);

    public override string ToString() => Lines?.ToString() ?? Record.Action;
}
