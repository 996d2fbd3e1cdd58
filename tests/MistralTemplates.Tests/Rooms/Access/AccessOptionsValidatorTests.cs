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

    [Theory]
    [InlineData("proxy.example")]
    [InlineData("10")]
    [InlineData("0x0a000007")]
    public void Rejects_AProxyThatIsNoAddress(string proxy) => Assert.Equal(
        ["KnownProxies[3]: It is neither an address nor a network."],
        Problems(new AccessOptions { KnownProxies = ["10.0.0.0/8", "10.0.0.7", "fd00::0:7", proxy] }, Environments.Production));

    [Theory]
    [InlineData("https://app.example")]
    [InlineData("https://app.example:8443")]
    [InlineData("http://localhost:3000")]
    public void Accepts_AnOriginAsABrowserSendsIt(string origin) => Assert.Empty(Problems(new AccessOptions { AllowedOrigins = [origin] }, Environments.Production));

    [Theory]
    [InlineData("*")]
    [InlineData("null")]
    [InlineData("app.example")]
    [InlineData("http://app.example")]
    [InlineData("https://app.example/")]
    [InlineData("https://*.example")]
    [InlineData("https://app.example/page")]
    [InlineData("https://someone@app.example")]
    public void Rejects_AnOriginThatIsNone(string origin) => Assert.Equal(
        ["AllowedOrigins[0]: It is not the origin of a page that comes over https."],
        Problems(new AccessOptions { AllowedOrigins = [origin] }, Environments.Production));

    [Fact]
    public void Rejects_ConnectionLimitsThatLetNobodyInOrHoldNobodyUp() => Assert.Equal(
        [
            "RequestTimeout: It is not between a second and an hour.",
            "ShutdownTimeout: It is not between a second and an hour.",
            "Connections:MaxConcurrent: It lets nobody connect.",
            "Connections:MaxByAddress: It lets nobody connect.",
            "Connections:MaxHeaders: It is not between 16 and 1000 headers.",
            "Connections:MaxHeaderBytes: It is not between 8192 and 1048576 bytes.",
            "Connections:HeadersTimeout: It is not between a second and an hour.",
            "Connections:KeepAliveTimeout: It is not between a second and an hour.",
            "Connections:StallTimeout: It is not between a second and an hour.",
            "Connections:MinBytesPerSecond: It lets a connection stand still, or asks more than one can give.",
        ],
        Problems(
            new AccessOptions
            {
                RequestTimeout = TimeSpan.Zero,
                ShutdownTimeout = TimeSpan.FromDays(1),
                Connections = new()
                {
                    MaxConcurrent = 0,
                    MaxByAddress = 0,
                    MaxHeaders = 1,
                    MaxHeaderBytes = 0,
                    HeadersTimeout = TimeSpan.Zero,
                    KeepAliveTimeout = TimeSpan.FromDays(1),
                    StallTimeout = TimeSpan.Zero,
                    MinBytesPerSecond = 0,
                },
            },
            Environments.Production));

    [Fact]
    public void Rejects_LimitsThatAllowNothing_OfEachCallerAndClass()
    {
        var options = new AccessOptions
        {
            RequestsPerMinuteByAddress = 0,
            Limits = new CallerLimits { RequestsPerMinute = 0 },
            Classes = { ["trial"] = new OwnLimits { TokensPerDay = 1 } },
            Callers = { ["ada"] = new OwnLimits { ConcurrentRequests = 0 } },
        };

        Assert.Equal(
            [
                "RequestsPerMinuteByAddress: It lets no request in.",
                "Limits:RequestsPerMinute: It allows nothing.",
                "Classes:trial:TokensPerDay: A day allows less than a minute.",
                "Callers:ada:ConcurrentRequests: It allows nothing.",
            ],
            Problems(options, Environments.Production));
    }

    private static IEnumerable<string> Problems(AccessOptions options, string environment) =>
        new AccessOptionsValidator(new HostingEnvironment { EnvironmentName = environment }).Validate(options).Errors.Select(failure => $"{failure.PropertyName}: {failure.ErrorMessage}");
}
