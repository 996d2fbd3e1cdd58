using Acme.App.Auditing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Acme.App.Access;

/// <summary>Leaves a record of everyone who was not let in; the answer is the framework's, by RFC 6750.</summary>
internal sealed class AuditedAuthorization(AuditLog audit) : IAuthorizationMiddlewareResultHandler
{
    private static readonly AuthorizationMiddlewareResultHandler s_framework = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (!authorizeResult.Succeeded)
            await audit.WriteAsync(AuditRecord.AccessDenied(CodeOf(context, authorizeResult)));
        await s_framework.HandleAsync(next, context, policy, authorizeResult);

        // The framework leaves out which scope a token lacks (RFC 6750, section 3.1).
        if (authorizeResult.Forbidden && context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy is { } scope)
            context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"";
    }

    private static string CodeOf(HttpContext context, PolicyAuthorizationResult result) =>
        result.Forbidden ? "scope.missing" : context.Request.Headers.Authorization.Count > 0 ? "token.invalid" : "token.missing";
}
