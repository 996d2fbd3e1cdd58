using System.Net;
using System.Security.Claims;
using Acme.App.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class CallerQuotaTests
{
    /// <summary>Else a caller without a name would have a new budget with each of its 2^64 addresses.</summary>
    [Theory]
    [InlineData("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", true)]
    [InlineData("2001:db8:1:2::3", "2001:db8:1:3::3", false)]
    [InlineData("203.0.113.9", "::ffff:203.0.113.9", true)]
    [InlineData("203.0.113.9", "203.0.113.8", false)]
    public void Of_CallerWithoutAName_IsItsNetwork(string one, string other, bool isSame) =>
        Assert.Equal(isSame, KeyOf(one) == KeyOf(other));

    [Fact]
    public void Of_CallerWithAName_IsTheSameFromAnywhere()
    {
        Assert.Equal(KeyOf("203.0.113.9", "ada"), KeyOf("2001:db8::1", "ada"));
        Assert.NotEqual(KeyOf("203.0.113.9", "ada"), KeyOf("203.0.113.9", "bob"));
    }

    /// <summary>A list of groups is a claim for each of them.</summary>
    [Theory]
    [InlineData(9, "x", "gold")]
    [InlineData(9, "gold", "x")]
    [InlineData(60, "x", "y")]
    [InlineData(60)]
    public void Of_CallerOfSeveralClasses_HasTheLimitsOfTheOneThatHasAny(int requests, params string[] classes)
    {
        var options = new AccessOptions { Classes = { ["gold"] = new OwnLimits { RequestsPerMinute = 9 } } };
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton(Options.Create(options)).BuildServiceProvider(),
            User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "ada"), .. classes.Select(name => new Claim("class", name))], "test")),
        };

        Assert.Equal(requests, CallerQuota.Of(context).Limits.RequestsPerMinute);
    }

    private static string KeyOf(string address, string? subject = null)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddOptions().BuildServiceProvider() };
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        if (subject is not null)
            context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", subject)], "test"));
        return CallerQuota.Of(context).Key;
    }
}
