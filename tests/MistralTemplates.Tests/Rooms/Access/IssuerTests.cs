using System.Net;
using Acme.App.Access;
using Acme.App.Configuration;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>Whose tokens are taken: settings of it that are wrong, and an identity provider that is away.</summary>
public sealed class IssuerTests
{
    private const string Section = "Authentication:Schemes:Bearer";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Authority", "idp.example", "Authority")]
    [InlineData("Authority", "http://idp.example", "Authority")]
    [InlineData("MetadataAddress", "ftp://idp.example/keys", "MetadataAddress")]
    [InlineData("SigningKeys:0:Value", "%%%", "")]
    [InlineData("RequireHttpsMetadata", "maybe", "")]
    [InlineData("BackchannelTimeout", "x", "")]
    public async Task Start_SettingOfTokensIsWrong_IsReportedWithTheOthers(string setting, string value, string named)
    {
        var exception = await Assert.ThrowsAsync<ConfigurationException>(() => AccessRoom.StartAsync(
            CancellationToken, $"--{Section}:{setting}={value}", "--Access:Limits:RequestsPerMinute=0"));

        var settings = exception.Problems.Select(problem => problem.Setting).ToArray();
        Assert.Contains($"{Section}:{named}".TrimEnd(':'), settings);
        Assert.Contains("Access:Limits:RequestsPerMinute", settings);
        Assert.DoesNotContain(exception.Problems, problem => problem.Problem.Contains(value, StringComparison.Ordinal) && value.Length > 1);
    }

    /// <summary>A client that is told that its token is wrong throws it away, and an operator would look for a wrong token.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("first")]
    [InlineData("first", "ValidIssuer")]
    public async Task Chat_WhileTheIssuerIsAway_IsA503AndTheProgramIsNotReady(string? keyId, string? unset = null)
    {
        string[] settings = [$"--{Section}:Authority=https://127.0.0.1:9", $"--{Section}:SigningKeys:0:Issuer=another", .. unset is null ? Array.Empty<string>() : [$"--{Section}:{unset}="]];
        await using var nobody = await AccessRoom.StartAsync(CancellationToken, settings);

        using var response = await nobody.ChatAsync(AccessRoom.Token(keyId: keyId), CancellationToken);
        using var ready = await nobody.Client.GetAsync("/health/ready", CancellationToken);
        using var live = await nobody.Client.GetAsync("/health/live", CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("urn:problem:issuer.unavailable", await response.Content.ReadAsStringAsync(CancellationToken), StringComparison.Ordinal);
        Assert.Equal(5, response.Headers.RetryAfter?.Delta?.TotalSeconds);
        Assert.Equal("issuer.unavailable", Assert.Single(nobody.Audited("access.denied")).GetProperty("errorCode").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Theory]
    [InlineData("ValidateIssuer")]
    [InlineData("ValidateAudience")]
    public async Task Start_OutsideDevelopmentWithACheckOfTokensSwitchedOff_IsRefused(string check)
    {
        string[] valid = [$"--{Section}:Authority=https://idp.example", $"--{Section}:ValidAudience=chat"];

        await CheckAsync(valid);
        var exception = await Assert.ThrowsAsync<ConfigurationException>(() => CheckAsync([.. valid, $"--{Section}:{check}=false"]));

        Assert.Equal($"{Section}:{check}", Assert.Single(exception.Problems).Setting);

        static async Task CheckAsync(string[] settings)
        {
            var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, EnvironmentName = "Production" });
            builder.Services.AddAuthentication().AddJwtBearer();
            await using var app = builder.Build();
            await new TokenIssuerCheck(app.Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>(), app.Environment, app.Configuration).RunAsync();
        }
    }

    [Theory]
    [InlineData(443)]
    [InlineData(5021, "--https_port=5021")]
    [InlineData(5022, "--https_ports=5022;5023")]
    [InlineData(5024, "--urls=http://127.0.0.1:5020;https://*:5024")]
    [InlineData(5025, "--Kestrel:Endpoints:a:Url=http://127.0.0.1:5020", "--Kestrel:Endpoints:b:Url=https://127.0.0.1:5025")]
    public void HttpsPort_IsTheOneThatIsConfigured(int port, params string[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, EnvironmentName = "Production" });
        builder.WebHost.UseSetting("contentRoot", AppContext.BaseDirectory);

        Assert.Equal(port, AccessServiceCollectionExtensions.HttpsPortOf(builder.Configuration));
    }
}
