using Acme.App.Access;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class AccessOptionsValidatorTests
{
    [Fact]
    public void Accepts_TheDefaults() => Assert.Empty(Problems(new AccessOptions(), Environments.Production));

    [Fact]
    public void Accepts_AnonymousCallersInDevelopment() => Assert.Empty(Problems(new AccessOptions { Anonymous = true }, Environments.Development));

    [Theory]
    [InlineData("Staging")]
    [InlineData("Production")]
    public void Rejects_AnonymousCallersElsewhere(string environment) =>
        Assert.Equal(["Anonymous: Callers without a token are let in, which is for Development only."], Problems(new AccessOptions { Anonymous = true }, environment));

    [Fact]
    public void Rejects_AProxyThatIsNoAddress() => Assert.Equal(
        ["KnownProxies[1]: It is neither an address nor a network."],
        Problems(new AccessOptions { KnownProxies = ["10.0.0.0/8", "proxy.example"] }, Environments.Production));

    [Fact]
    public void Rejects_LimitsThatAllowNothing_OfEachCallerAndClass()
    {
        var options = new AccessOptions
        {
            RequestsPerMinuteByAddress = 0,
            Limits = new CallerLimits { RequestsPerMinute = 0 },
            Classes = { ["trial"] = new CallerLimits { TokensPerDay = 1 } },
            Callers = { ["ada"] = new CallerLimits { ConcurrentRequests = 0 } },
        };

        Assert.Equal(
            [
                "RequestsPerMinuteByAddress: It lets no request in.",
                "Limits.RequestsPerMinute: It allows nothing.",
                "Classes:trial:TokensPerDay: A day allows less than a minute.",
                "Callers:ada:ConcurrentRequests: It allows nothing.",
            ],
            Problems(options, Environments.Production));
    }

    private static IEnumerable<string> Problems(AccessOptions options, string environment) =>
        new AccessOptionsValidator(new HostingEnvironment { EnvironmentName = environment }).Validate(options).Errors.Select(failure => $"{failure.PropertyName}: {failure.ErrorMessage}");
}
