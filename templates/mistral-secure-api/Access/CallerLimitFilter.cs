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
    public static IEnumerable<string> Uncounted(EndpointDataSource endpoints) => Paths(endpoints, metadata => metadata.GetMetadata<IAllowAnonymous>() is null
        && metadata.GetOrderedMetadata<IAuthorizeData>().All(data => data.Policy is not AccessPolicies.Operate));

    /// <summary>The endpoints that anybody reaches without a token, and without being counted as a caller.</summary>
    public static IEnumerable<string> Open(EndpointDataSource endpoints) => Paths(endpoints, metadata => metadata.GetMetadata<IAllowAnonymous>() is not null);

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

    private static IEnumerable<string> Paths(EndpointDataSource endpoints, Func<EndpointMetadataCollection, bool> isMeant) => endpoints.Endpoints
        .OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.Metadata.GetMetadata<LimitedCaller>() is null && isMeant(endpoint.Metadata))
        .Select(endpoint => $"/{endpoint.RoutePattern.RawText?.TrimStart('/')}");

    private sealed record LimitedCaller;
}
