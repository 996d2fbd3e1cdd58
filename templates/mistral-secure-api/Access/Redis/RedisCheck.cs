using Acme.App.Configuration;
using Acme.App.Scale;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Acme.App.Access;

/// <summary>Whether the shared count answers. Where the limits stay open without it, the program stays ready.</summary>
internal sealed class RedisCheck(RedisConnection redis, IOptions<AccessOptions> limits) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        await redis.CheckAsync(cancellationToken) is not { } problem ? HealthCheckResult.Healthy()
        : limits.Value.FailureMode == FailureMode.Open ? HealthCheckResult.Degraded(problem)
        : HealthCheckResult.Unhealthy(problem);
}
