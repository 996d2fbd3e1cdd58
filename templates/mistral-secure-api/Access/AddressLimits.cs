using System.Globalization;
using System.Threading.RateLimiting;
using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.AspNetCore.RateLimiting;

namespace Acme.App.Access;

/// <summary>How often one address may ask, before anyone is asked who they are: whoever has no token could have any number of bad ones looked at.</summary>
internal static class AddressLimits
{
    public static void Configure(RateLimiterOptions limiter, AccessOptions options, TimeProvider time)
    {
        // One record a minute for each address: whoever floods the program must not fill its disk.
        var records = PerMinute(1, time);
        limiter.GlobalLimiter = PerMinute(options.RequestsPerMinuteByAddress, time);
        limiter.OnRejected = async (rejected, _) =>
        {
            var context = rejected.HttpContext;
            if (records.AttemptAcquire(context).IsAcquired)
                await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(AuditRecord.LimitExceeded(ChatRefusedException.TooManyRequests));
            await RefuseAsync(context, options.RequestsPerMinuteByAddress, time.GetUtcNow());
        };
    }

    /// <summary>A limiter for each address and minute of the clock: the framework's own window does not tell when it ends.</summary>
    private static PartitionedRateLimiter<HttpContext> PerMinute(int requests, TimeProvider time) => PartitionedRateLimiter.Create<HttpContext, string>(
        context => context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(
                string.Create(CultureInfo.InvariantCulture, $"{CallerQuota.NetworkOf(context)} {time.GetUtcNow().Ticks / TimeSpan.TicksPerMinute}"),
                _ => new() { PermitLimit = requests, Window = TimeSpan.FromMinutes(1) }));

    private static async ValueTask RefuseAsync(HttpContext context, int most, DateTimeOffset now)
    {
        var claim = LimitClaim.OneRequest(most, now);
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = Math.Ceiling((claim.Resets - now).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        LimitHeaders.Tell(context, claim, left: 0, now);
        await Results.Problem(
            "Too many requests in a minute. Try again later.",
            statusCode: StatusCodes.Status429TooManyRequests,
            type: $"urn:problem:{ChatRefusedException.TooManyRequests}").ExecuteAsync(context);
    }
}
