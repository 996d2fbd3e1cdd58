using System.Security.Claims;
using Acme.App.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>Who is let in where.</summary>
public sealed class AccessPoliciesTests
{
    /// <summary>An endpoint that its owner added and said nothing of.</summary>
    [Theory]
    [InlineData("chat", true)]
    [InlineData("profile chat", true)]
    [InlineData("operate", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task Fallback_OfAnEndpointWithoutAPolicy_TakesTheScopeOfChat(string? scope, bool expected)
    {
        var services = new ServiceCollection().AddLogging().AddAuthorization(authorization => AccessPolicies.Add(authorization, new AccessOptions { Anonymous = true }));
        await using var provider = services.BuildServiceProvider();
        var policy = (await provider.GetRequiredService<IAuthorizationPolicyProvider>().GetFallbackPolicyAsync())!;
        var user = new ClaimsPrincipal(scope is null ? new ClaimsIdentity() : new ClaimsIdentity([new Claim("scope", scope)], "Bearer"));

        var result = await provider.GetRequiredService<IAuthorizationService>().AuthorizeAsync(user, resource: null, policy);

        Assert.Equal(expected, result.Succeeded);
    }
}
