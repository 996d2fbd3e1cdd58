using Acme.App.Auditing;
using Acme.App.Keys;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Acme.App.Chat;

/// <summary>Whether a chat could be served now: the key is fresh enough, and the audit can be written.</summary>
internal sealed class ReadinessCheck(KeyRing keys, AuditLog audit) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        var (key, log) = (keys.Health, audit.CheckStatus());
        var data = new Dictionary<string, object> { ["keyAge"] = key.Age, ["keySinceRead"] = key.SinceRead, ["auditRecordsLost"] = log.Lost };
        return Task.FromResult(
            !key.Ready ? HealthCheckResult.Unhealthy(key.Warning, data: data)
            : log.Refuses ? HealthCheckResult.Unhealthy(log.Problem, data: data)
            : !log.Available ? HealthCheckResult.Degraded(log.Problem, data: data)
            : key.Warning is { } warning ? HealthCheckResult.Degraded(warning, data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
