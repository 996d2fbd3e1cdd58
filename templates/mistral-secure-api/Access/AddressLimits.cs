using System.Globalization;
using System.Threading.RateLimiting;
using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.AspNetCore.RateLimiting;

namespace Acme.App.Access;

/// <summary>How often one address may ask, before anyone is asked who they are: whoever has no token could have any number of bad ones looked at.</summary>
internal static class AddressLimits
{
    public static void Configure(RateLimiterOptions limiter, AccessOptions options)
    {
        // One record a minute for each address: whoever floods the program must not fill its disk.
        var records = PerMinute(1);
        limiter.GlobalLimiter = PerMinute(options.RequestsPerMinuteByAddress);
        limiter.OnRejected = async (rejected, _) =>
        {
            var context = rejected.HttpContext;
            if (records.AttemptAcquire(context).IsAcquired)
                await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(AuditRecord.LimitExceeded(ChatRefusedException.TooManyRequests));
            await RefuseAsync(context, rejected.Lease);
        };
    }

    private static PartitionedRateLimiter<HttpContext> PerMinute(int requests) => PartitionedRateLimiter.Create<HttpContext, string>(context =>
        context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(
                CallerQuota.NetworkOf(context), _ => new() { PermitLimit = requests, Window = TimeSpan.FromMinutes(1) }));

    private static async ValueTask RefuseAsync(HttpContext context, RateLimitLease lease)
    {
        var seconds = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 60;
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        // draft-ietf-httpapi-ratelimit-headers
        context.Response.Headers["RateLimit"] = $"\"{CallerLimiter.Requests}\";r=0;t={seconds}";
        await Results.Problem(
            "Too many requests in a minute. Try again later.",
            statusCode: StatusCodes.Status429TooManyRequests,
            type: $"urn:problem:{ChatRefusedException.TooManyRequests}").ExecuteAsync(context);
    }
}
