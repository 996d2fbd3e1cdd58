using Acme.App.Auditing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Acme.App.Access;

/// <summary>Leaves a record of everyone who was not let in; the answer is the framework's, by RFC 6750.</summary>
internal sealed partial class AuditedAuthorization(AuditLog audit, IHostEnvironment environment, ILogger<AuditedAuthorization> logger)
    : IAuthorizationMiddlewareResultHandler
{
    private const string IssuerUnavailable = "issuer.unavailable";
    private const string ScopeMissing = "scope.missing";
    private const string TokenInvalid = "token.invalid";
    private const string TokenMissing = "token.missing";

    private static readonly AuthorizationMiddlewareResultHandler s_framework = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        var code = authorizeResult.Succeeded ? null
            : authorizeResult.Forbidden ? ScopeMissing
            : UnreadableIssuer.Met(context) ? IssuerUnavailable
            : context.Request.Headers.Authorization.Count > 0 ? TokenInvalid : TokenMissing;
        if (code is not null)
            await audit.WriteAsync(AuditRecord.AccessDenied(code));
        if (code == TokenInvalid && environment.IsDevelopment())
            LogTokenRefused(UnreadableIssuer.ReasonOf(context) ?? "the Authorization header is no 'Bearer' and a token");
        if (code == IssuerUnavailable)
        {
            // A client that is told that its token is wrong throws it away.
            LogIssuerUnavailable();
            context.Response.Headers.RetryAfter = "5";
            await Results.Problem(
                "Tokens cannot be checked now. Try again later.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                type: $"urn:problem:{IssuerUnavailable}").ExecuteAsync(context);
            return;
        }

        await s_framework.HandleAsync(next, context, policy, authorizeResult);

        // The framework leaves out what a token lacks (RFC 6750, section 3.1), and says nothing of it where there is none.
        if (code is not null && context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy is { } scope)
            context.Response.Headers.WWWAuthenticate = code switch
            {
                ScopeMissing => $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"",
                TokenMissing => $"Bearer scope=\"{scope}\"",
                _ => "Bearer error=\"invalid_token\"",
            };
    }

    [LoggerMessage(2101, LogLevel.Warning, "A token cannot be checked: the keys of Authentication:Schemes:Bearer:Authority could not be read.")]
    private partial void LogIssuerUnavailable();

    [LoggerMessage(2102, LogLevel.Information, "A token was refused: {Reason}.")]
    private partial void LogTokenRefused(string reason);
}
