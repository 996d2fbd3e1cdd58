using System.Net;
using System.Text;
using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>The client refuses plain http, so the vault is a handler that stands where the network would.</summary>
public sealed class AzureKeySourceTests
{
    private const string AccessToken = "access-token-1";

    [Fact]
    public async Task Read_SecretIsThere_GivesValueVersionAndAge()
    {
        using var vault = new FakeVault(new TestedStore());

        var key = await Source(vault).ReadAsync(TestContext.Current.CancellationToken);

        Assert.True(key.SameAs(Some.Key(1)));
        Assert.Equal("abc123", key.Version);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_770_000_000), key.Since);
    }

    [Fact]
    public async Task Load_AnotherToken_IsDenied()
    {
        using var vault = new FakeVault(new TestedStore());

        Assert.Equal("Azure denied access to the secret.", await SourceExpectations.ProblemOf(Source(vault, "another"), Some.KeyValue(1)));
    }

    internal static Task<TestedStore> StoreAsync(StoreFailure? failure)
    {
        var tested = new TestedStore { Failure = failure };
        var vault = new FakeVault(tested);
        return Task.FromResult(tested.With(Source(vault), vault));
    }

    private static AzureKeySource Source(FakeVault vault, string token = AccessToken)
    {
        var client = AzureKeySource.Client();
        client.Transport = new HttpClientTransport(vault);
        client.Retry.MaxRetries = 0;
        return new AzureKeySource(
            Options.Create(new AzureKeyOptions { Vault = new Uri("https://myvault.vault.azure.net"), Secret = "mistral-api-key" }),
            () => new SecretClient(new Uri("https://myvault.vault.azure.net"), new FakeCredential(token), client));
    }

    private sealed class FakeCredential(string token) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(token, DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }

    private sealed class FakeVault(TestedStore tested) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.StartsWith("/secrets/mistral-api-key", request.RequestUri!.AbsolutePath, StringComparison.Ordinal);
            if (request.Headers.Authorization?.Parameter != AccessToken)
            {
                var challenge = Answer(401, "{}");
                challenge.Headers.Add("WWW-Authenticate", "Bearer authorization=\"https://login.microsoftonline.com/tenant\", resource=\"https://vault.azure.net\"");
                return challenge;
            }

            if (tested.Failure == StoreFailure.Hanging)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return tested.Failure switch
            {
                null => Answer(200, Secret(tested.Value)),
                StoreFailure.Denied => Answer(403, "{}"),
                StoreFailure.Missing => Answer(404, "{}"),
                StoreFailure.Throttled => Answer(429, "{}"),
                StoreFailure.Broken => Answer(500, tested.Value),
                StoreFailure.Garbage => Answer(200, $"<html>{tested.Value}</html>"),
                _ => Answer(200, Secret("")),
            };
        }

        private static HttpResponseMessage Answer(int status, string body) => new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

        private static string Secret(string value) =>
            $$"""{ "value": "{{value}}", "id": "https://myvault.vault.azure.net/secrets/mistral-api-key/abc123", "attributes": { "enabled": true, "created": 1770000000 } }""";
    }
}
