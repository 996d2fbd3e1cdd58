using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Google.Apis.Auth.OAuth2;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class GcpKeySourceTests
{
    private const string AccessToken = "access-token-1";

    private static readonly RSA ServiceAccountsKey = RSA.Create(2048);

    [Fact]
    public async Task Read_SecretIsThere_GivesValueAndVersion()
    {
        await using var store = await FakeStore.Start(context => Google(context, new TestedStore()));
        using var source = Source(store);

        var key = await source.ReadAsync(TestContext.Current.CancellationToken);

        Assert.True(key.SameAs(Some.Key(1)));
        Assert.Equal("7", key.Version);
    }

    [Fact]
    public async Task Load_CheckSumIsWrong_RefusesTheValue()
    {
        await using var store = await FakeStore.Start(context => Google(context, new TestedStore(), sum: 1));
        using var source = Source(store);

        Assert.Equal("The secret was damaged on its way: its check sum is wrong.", await SourceExpectations.ProblemOf(source, Some.KeyValue(1)));
    }

    [Fact]
    public async Task Load_NoAccessToken_SaysSo()
    {
        await using var store = await FakeStore.Start(context => SourceExpectations.Answer(context, 400, """{ "error": "invalid_grant" }"""));
        using var source = Source(store);

        Assert.Equal("Google gave no access token for the application's default credential.", await SourceExpectations.ProblemOf(source, AccessToken));
    }

    internal static async Task<TestedStore> StoreAsync(StoreFailure? failure)
    {
        var tested = new TestedStore { Failure = failure };
        var store = await FakeStore.Start(context => Google(context, tested));
        return tested.With(Source(store), store);
    }

    private static GcpKeySource Source(FakeStore store)
    {
        var account = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["type"] = "service_account",
            ["project_id"] = "acme",
            ["client_email"] = "chat@acme.example",
            ["private_key"] = ServiceAccountsKey.ExportPkcs8PrivateKeyPem(),
            ["token_uri"] = new Uri(store.Address, "/token").AbsoluteUri,
        });
        return new GcpKeySource(
            Options.Create(new GcpKeyOptions { Project = "acme", Secret = "mistral-api-key", Endpoint = store.Address }),
            _ => Task.FromResult(CredentialFactory.FromJson<ServiceAccountCredential>(account).ToGoogleCredential()));
    }

    private static async Task Google(HttpContext context, TestedStore tested, uint? sum = null)
    {
        if (context.Request.Path == "/token")
        {
            await TokenAsync(context);
            return;
        }

        Assert.Equal("/v1/projects/acme/secrets/mistral-api-key/versions/latest:access", context.Request.Path);
        await (tested.Failure switch
        {
            _ when context.Request.Headers.Authorization != $"Bearer {AccessToken}" => SourceExpectations.Answer(context, 401, "{}"),
            null => SourceExpectations.Answer(context, 200, Payload(tested.Value, sum)),
            StoreFailure.Denied => SourceExpectations.Answer(context, 403, "{}"),
            StoreFailure.Missing => SourceExpectations.Answer(context, 404, "{}"),
            StoreFailure.Throttled => SourceExpectations.Answer(context, 429, "{}"),
            StoreFailure.Broken => SourceExpectations.Answer(context, 500, tested.Value),
            StoreFailure.Hanging => SourceExpectations.Hang(context),
            StoreFailure.Garbage => SourceExpectations.Answer(context, 200, $"<html>{tested.Value}</html>"),
            _ => SourceExpectations.Answer(context, 200, Payload("", sum)),
        });
    }

    // RFC 7523: the assertion is a JWT that the service account's key has signed.
    private static async Task TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var parts = form["assertion"].ToString().Split('.');
        var signed = parts.Length == 3 && ServiceAccountsKey.VerifyData(
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        await (signed
            ? SourceExpectations.Answer(context, 200, $$"""{ "access_token": "{{AccessToken}}", "expires_in": 3600, "token_type": "Bearer" }""")
            : SourceExpectations.Answer(context, 401, """{ "error": "invalid_grant" }"""));
    }

    private static string Payload(string value, uint? sum)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        var crc = (sum ?? Crc32C(bytes)).ToString(CultureInfo.InvariantCulture);
        return $$"""{ "name": "projects/1/secrets/mistral-api-key/versions/7", "payload": { "data": "{{Convert.ToBase64String(bytes)}}", "dataCrc32c": "{{crc}}" } }""";
    }

    // Bit by bit with the reversed Castagnoli polynomial of RFC 3720: slow, and independent of the source's way.
    private static uint Crc32C(byte[] bytes)
    {
        var sum = uint.MaxValue;
        foreach (var one in bytes)
        {
            sum ^= one;
            for (var bit = 0; bit < 8; bit++)
                sum = (sum & 1) == 1 ? (sum >> 1) ^ 0x82F63B78 : sum >> 1;
        }

        return ~sum;
    }
}
