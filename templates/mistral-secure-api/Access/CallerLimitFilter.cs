using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.AspNetCore.Authorization;

namespace Acme.App.Access;

/// <summary>Counts a caller's requests, those of a minute and those under way, and tells what is left in the standard fields.</summary>
internal sealed class CallerLimitFilter(CallerLimiter limiter, AuditLog audit, TimeProvider time) : IEndpointFilter
{
    /// <summary>Marks the endpoints before which this filter stands.</summary>
    public static object IsOnTheWay { get; } = new LimitedCaller();

    /// <summary>The endpoints that callers, unless they operate the program, reach without being counted.</summary>
    public static IEnumerable<string> Uncounted(EndpointDataSource endpoints) => endpoints.Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.Metadata.GetMetadata<LimitedCaller>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
            && endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().All(data => data.Policy is not AccessPolicies.Operate))
        .Select(endpoint => $"/{endpoint.RoutePattern.RawText?.TrimStart('/')}");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var (caller, limits) = limiter.Current!;
        try
        {
            await limiter.TakeAsync(caller, [LimitClaim.OneRequest(limits.RequestsPerMinute, time.GetUtcNow())], http.RequestAborted);
            var id = Guid.NewGuid().ToString("N");
            if (await limiter.EnterAsync(caller, limits.ConcurrentRequests, id, http.RequestAborted))
                http.Response.OnCompleted(() => limiter.LeaveAsync(caller, id).AsTask());
        }
        catch (ChatRefusedException refusal)
        {
            if (refusal.Code != ChatRefusedException.LimitsUnavailable)
                await audit.WriteAsync(AuditRecord.LimitExceeded(refusal.Code));
            throw;
        }

        return await next(context);
    }

    private sealed record LimitedCaller;
}
