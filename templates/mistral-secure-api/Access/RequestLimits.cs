using System.Globalization;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.AspNetCore.RateLimiting;

namespace Acme.App.Access;

/// <summary>How often one address may ask, before anyone is asked who they are: whoever has no token could have any number of bad ones looked at.</summary>
internal static class RequestLimits
{
    public static void Configure(RateLimiterOptions limiter, AccessOptions options)
    {
        // One record a minute for each address: whoever floods the program must not fill its disk.
        var records = PerMinute(1);
        limiter.GlobalLimiter = PerMinute(options.RequestsPerMinuteByAddress);
        limiter.OnRejected = async (rejected, _) =>
        {
            if (records.AttemptAcquire(rejected.HttpContext).IsAcquired)
                await rejected.HttpContext.RequestServices.GetRequiredService<AuditLog>().WriteAsync(AuditRecord.LimitExceeded(ChatRefusedException.TooManyRequests));
            await RefuseAsync(rejected);
        };
    }

    private static PartitionedRateLimiter<HttpContext> PerMinute(int requests) => PartitionedRateLimiter.Create<HttpContext, string>(context =>
        context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(NetworkOf(context), _ => new() { PermitLimit = requests, Window = TimeSpan.FromMinutes(1) }));

    /// <summary>Whoever has one IPv6 address has the other 2^64 of its network, too.</summary>
    private static string NetworkOf(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } address => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        var address => address?.MapToIPv4().ToString() ?? "",
    };

    private static async ValueTask RefuseAsync(OnRejectedContext rejected)
    {
        var seconds = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 60;
        var response = rejected.HttpContext.Response;
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        // draft-ietf-httpapi-ratelimit-headers
        response.Headers["RateLimit"] = $"\"{CallerLimiter.Requests}\";r=0;t={seconds}";
        await rejected.HttpContext.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = rejected.HttpContext,
            ProblemDetails =
            {
                Status = StatusCodes.Status429TooManyRequests,
                Type = $"urn:problem:{ChatRefusedException.TooManyRequests}",
                Detail = "Too many requests in a minute. Try again later.",
            },
        });
    }
}
