using Serilog;
using Serilog.Configuration;
using Serilog.Core;

namespace Acme.App.Auditing;

/// <summary>
/// One more place for the audit's lines, such as Seq: <c>services.AddSingleton(new AuditForwarding(to =&gt; to.Seq(…)))</c>.
/// Its failure never loses the local record. What was written at the same moment may arrive in another order: sort by <c>sequence</c>.
/// </summary>
internal sealed record AuditForwarding(Action<LoggerSinkConfiguration> Configure)
{
    public static Logger? CreateLogger(IEnumerable<AuditForwarding> forwardings)
    {
        var logger = new LoggerConfiguration().MinimumLevel.Verbose();
        foreach (var forwarding in forwardings)
            forwarding.Configure(logger.WriteTo);
        return forwardings.Any() ? logger.CreateLogger() : null;
    }
}
