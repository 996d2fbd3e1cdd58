using Serilog.Configuration;

namespace Acme.App.Auditing;

/// <summary>
/// One more place for the audit's lines, such as Seq: <c>services.AddSingleton(new AuditForwarding(to =&gt; to.Seq(…)))</c>.
/// Its failure never loses the local record.
/// </summary>
internal sealed record AuditForwarding(Action<LoggerSinkConfiguration> Configure);
