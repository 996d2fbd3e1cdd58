using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Acme.App.Chat;

/// <summary>
/// Says whether the program is ready, and looks once a second at most: anybody may ask, as often as they like, and a look may cost a line
/// in the log and a question to another server.
/// </summary>
internal sealed class SharedReadiness(HealthCheckService checks, TimeProvider time)
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private (Task<HealthReport> Report, long AskedAt)? _last;

    public async Task WriteAsync(HttpContext context)
    {
        var status = (await Report().WaitAsync(context.RequestAborted)).Status;
        context.Response.StatusCode = status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        (context.Response.ContentType, context.Response.Headers.CacheControl) = ("text/plain", "no-store");
        await context.Response.WriteAsync(status.ToString(), context.RequestAborted);
    }

    private Task<HealthReport> Report()
    {
        lock (_lock)
        {
            // A look that does not end is waited for by nobody who comes later.
            if (_last is not { } last || time.GetElapsedTime(last.AskedAt) >= (last.Report.IsCompleted ? s_lifetime : s_patience))
                _last = last = (checks.CheckHealthAsync(CancellationToken.None), time.GetTimestamp());
            return last.Report;
        }
    }
}
