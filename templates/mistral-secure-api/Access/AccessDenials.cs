using System.Diagnostics.Metrics;
using Acme.App.Auditing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.Net.Http.Headers;

namespace Acme.App.Access;

/// <summary>Audits and counts who was turned away, and says to one whose token lacks a scope which one it is (RFC 6750).</summary>
internal sealed class AccessDenials(AuditLog audit, IMeterFactory meters) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _default = new();
    private readonly Counter<long> _denied = meters.Create("Acme.App.Access").CreateCounter<long>("access.denied", description: "Requests turned away, by reason.");

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
            return;
        }

        var reason = authorizeResult.Forbidden ? "insufficient_scope" : "unauthenticated";
        _denied.Add(1, new KeyValuePair<string, object?>("reason", reason));
        await audit.WriteAsync(new AuditRecord(AuditActions.AccessDenied) { Success = false, ErrorCode = reason });
        await _default.HandleAsync(next, context, policy, authorizeResult);
        if (authorizeResult.Forbidden)
        {
            var scope = context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy ?? AccessPolicies.Operate;
            context.Response.Headers[HeaderNames.WWWAuthenticate] = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"";
        }
    }
}
