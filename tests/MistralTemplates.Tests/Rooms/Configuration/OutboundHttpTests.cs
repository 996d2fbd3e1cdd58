using Acme.App.Configuration;
using Acme.App.Tests.StandIn;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Configuration;

public sealed class OutboundHttpTests
{
    /// <summary>What may go over plain http, a key among it, is not for the proxy: nobody listens there.</summary>
    [Fact]
    public async Task KeysVerify_OfLoopbackWhereAProxyIsSet_AsksLoopbackItself()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["HTTP_PROXY"] = "http://127.0.0.1:9",
            ["Mistral__Endpoint"] = mistral.Endpoint.ToString(),
            ["MISTRAL_API_KEY_DEV"] = MistralStandIn.UsualKey,
        };

        var result = await Command.RunAsync(
            "dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Acme-App.dll"), "keys", "verify"], AppContext.BaseDirectory,
            TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken, environment);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Fact]
    public void CreateHandler_FollowsNoRedirect_AndKeepsNoCookie()
    {
        using var handler = OutboundHttp.CreateHandler();

        Assert.False(handler.AllowAutoRedirect);
        Assert.False(handler.UseCookies);
    }
}
