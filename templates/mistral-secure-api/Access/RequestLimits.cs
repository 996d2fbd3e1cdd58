using System.Globalization;
using System.Threading.RateLimiting;
using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.AspNetCore.RateLimiting;

namespace Acme.App.Access;

/// <summary>How often one address may ask, before anyone is asked who they are. Refusals are audited.</summary>
internal static class RequestLimits
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    /// <summary>Guards the validation of tokens itself: whoever has none could have any number of bad ones looked at.</summary>
    public static void Configure(RateLimiterOptions limiter, AccessOptions options)
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = RefuseAsync;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => IsExempt(context)
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetFixedWindowLimiter(CallerQuota.AddressOf(context), _ => PerMinute(options.RequestsPerMinuteByAddress)));
    }

    private static FixedWindowRateLimiterOptions PerMinute(int requests) => new() { PermitLimit = requests, Window = s_minute };

    private static bool IsExempt(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<DisableRateLimitingAttribute>() is not null;

    private static async ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var context = rejected.HttpContext;
        var isTooMany = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
        var code = isTooMany ? ChatRefusedException.TooManyRequests : ChatRefusedException.TooManyAtOnce;
        await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(AuditRecord.LimitExceeded(code));

        // The fields of draft-ietf-httpapi-ratelimit-headers; a caller at its concurrency limit may come back as soon as one answer ends.
        var seconds = isTooMany ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["RateLimit"] = $"\"{(isTooMany ? "requests" : "concurrency")}\";r=0;t={seconds}";
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails =
            {
                Status = StatusCodes.Status429TooManyRequests,
                Type = $"urn:problem:{code}",
                Detail = isTooMany ? "Too many requests in a minute. Try again later." : "Too many requests at the same time. Wait for one of them to end.",
            },
        });
    }
}
