using Microsoft.AspNetCore.Authorization;

namespace Acme.App.Access;

/// <summary>Who may do what: a policy asks for a token that carries the scope of the same name.</summary>
internal static class AccessPolicies
{
    /// <summary>To chat.</summary>
    public const string Chat = "chat";

    /// <summary>To see what only an operator sees.</summary>
    public const string Operate = "operate";

    // OAuth's own claim is one text with spaces (RFC 8693); some issuers write "scp", as a text or a list.
    private static readonly string[] ScopeClaims = ["scope", "scp"];

    public static void Configure(AuthorizationOptions authorization, bool isOpen)
    {
        authorization.AddPolicy(Chat, policy => _ = isOpen ? policy.RequireAssertion(_ => true) : policy.RequireAuthenticatedUser().RequireAssertion(context => HasScope(context, Chat)));
        authorization.AddPolicy(Operate, policy => policy.RequireAuthenticatedUser().RequireAssertion(context => HasScope(context, Operate)));
        // An endpoint that says nothing is closed.
        authorization.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(context => HasScope(context, Operate)).Build();
    }

    private static bool HasScope(AuthorizationHandlerContext context, string scope)
    {
        foreach (var claim in context.User.Claims)
        {
            if (!ScopeClaims.Contains(claim.Type))
                continue;
            foreach (var part in claim.Value.AsSpan().Split(' '))
            {
                if (claim.Value.AsSpan(part).SequenceEqual(scope))
                    return true;
            }
        }

        return false;
    }
}
