using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace Acme.App.Chat;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can serve chats.</summary>
internal static class HealthApi
{
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous().DisableRateLimiting();
        var readiness = ActivatorUtilities.CreateInstance<SharedReadiness>(endpoints.ServiceProvider);
        endpoints.Map("/health/ready", (RequestDelegate)readiness.WriteAsync).AllowAnonymous().DisableRateLimiting();
        return endpoints;
    }
}
