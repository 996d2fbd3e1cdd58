using System.Diagnostics;
using System.Security.Claims;
using Acme.App.Auditing;

namespace Acme.App.Access;

/// <summary>Tells the audit who sent the request that is being served.</summary>
internal sealed class HttpCallerAccessor(IHttpContextAccessor accessor) : ICallerAccessor
{
    private static readonly Caller s_nobody = new(null, null, null);

    public Caller Current => accessor.HttpContext is { } context
        ? new Caller(
            IdOf(context.User),
            context.Connection.RemoteIpAddress?.ToString(),
            Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier)
        : s_nobody;

    /// <returns>The token's subject; null for a caller without a valid token.</returns>
    public static string? IdOf(ClaimsPrincipal user) => user.FindFirst("sub")?.Value ?? user.FindFirst(ClaimTypes.NameIdentifier)?.Value;
}
