using System.Diagnostics;
using System.Security.Claims;
using Acme.App.Auditing;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Acme.App.Access;

/// <summary>Tells the audit who sent the request that is being served.</summary>
internal sealed class HttpCallerAccessor(IHttpContextAccessor accessor) : ICallerAccessor
{
    /// <summary>Who a token speaks of (RFC 7519, section 4.1.2).</summary>
    public const string SubjectClaim = "sub";

    private static readonly Caller s_nobody = new(null, null, null);

    public Caller Current => accessor.HttpContext is { } context
        ? new Caller(
            context.User.FindFirstValue(SubjectClaim),
            context.Connection.RemoteIpAddress?.ToString(),
            RequestIdOf(context),
            context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true })
        : s_nobody;

    /// <summary>The trace's id, by which the caller, the audit and the telemetry speak of the same request.</summary>
    public static string RequestIdOf(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}
