using Microsoft.AspNetCore.Authorization;

namespace Acme.App.Access;

/// <summary>What a caller's token must allow. A scope is granted by the claim <c>scope</c> (RFC 8693, section 4.2) or <c>scp</c>.</summary>
internal static class AccessPolicies
{
    /// <summary>Who may chat: the scope <c>chat</c>.</summary>
    public const string Chat = "chat";

    /// <summary>Who may see how the program is doing: the scope <c>operate</c>.</summary>
    public const string Operate = "operate";

    private static readonly string[] s_scopeClaims = ["scope", "scp"];

    public static void Add(AuthorizationOptions authorization, AccessOptions options)
    {
        foreach (var scope in (string[])[Chat, Operate])
            authorization.AddPolicy(scope, policy => policy.RequireAssertion(context => (options.Anonymous && scope == Chat) || HasScope(context, scope)));

        // An endpoint that names no policy is closed, too: a new one cannot be born open. It has its caller's limits only in a group with RequireAccess.
        // Of a path without an endpoint, any token's bearer is told so.
        authorization.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser()
            .RequireAssertion(context => (context.Resource is HttpContext http && http.GetEndpoint() is null) || HasScope(context, Chat)).Build();
    }

    private static bool HasScope(AuthorizationHandlerContext context, string scope) =>
        context.User.Identity is { IsAuthenticated: true }
        && context.User.Claims.Any(claim => s_scopeClaims.Contains(claim.Type) && claim.Value.Split(' ').Contains(scope, StringComparer.Ordinal));
}
