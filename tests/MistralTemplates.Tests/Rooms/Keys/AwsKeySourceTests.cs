using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class AwsKeySourceTests
{
    private const string AccessKey = "ACCESS1";
    private static readonly string AccessSecret = new('s', 24);

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task Read_SecretIsThere_GivesValueAndVersion(string? field)
    {
        await using var store = await FakeStore.Start(context => Aws(context, new TestedStore(), field));
        using var source = Source(store, field);

        var key = await source.ReadAsync(TestContext.Current.CancellationToken);

        Assert.True(key.SameAs(Some.Key(1)));
        Assert.Equal("version-5", key.Version);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_770_000_000), key.Since);
    }

    [Fact]
    public async Task Load_SignedByAnotherSecret_AsksForOtherCredentials()
    {
        await using var store = await FakeStore.Start(context => Aws(context, new TestedStore()));
        using var source = Source(store, secret: "another");

        Assert.Equal("AWS does not take the credentials, or does not any more.", await SourceExpectations.ProblemOf(source, Some.KeyValue(1)));
    }

    [Fact]
    public async Task Load_SecretHasNoSuchField_SaysSo()
    {
        await using var store = await FakeStore.Start(context => Aws(context, new TestedStore()));
        using var source = Source(store, field: "key");

        Assert.Equal("The secret is no JSON object with the field that holds the key.", await SourceExpectations.ProblemOf(source, Some.KeyValue(1)));
    }

    [Fact]
    public async Task Load_SecretIsAnObjectAndNoFieldIsNamed_SaysSo()
    {
        await using var store = await FakeStore.Start(context => Aws(context, new TestedStore(), "key"));
        using var source = Source(store);

        Assert.Equal("The secret is a JSON object, as AWS' console makes them.", await SourceExpectations.ProblemOf(source, Some.KeyValue(1)));
    }

    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    public async Task Read_Redirected_AsksNobodyElse(int status)
    {
        var asked = 0;
        await using var elsewhere = await FakeStore.Start(context =>
        {
            asked++;
            return Answer(context, Some.KeyValue(2));
        });
        await using var store = await FakeStore.Start(context =>
        {
            context.Response.Headers.Location = elsewhere.Address.AbsoluteUri;
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        using var source = Source(store);

        await Assert.ThrowsAsync<KeySourceException>(() => source.ReadAsync(TestContext.Current.CancellationToken));

        Assert.Equal(0, asked);
    }

    internal static async Task<TestedStore> StoreAsync(StoreFailure? failure)
    {
        var tested = new TestedStore { Failure = failure };
        var store = await FakeStore.Start(context => Aws(context, tested));
        return tested.With(Source(store), store);
    }

    private static AwsKeySource Source(FakeStore store, string? field = null, string? secret = null) => new(
        Options.Create(new AwsKeyOptions { Secret = "mistral/production", Field = field }),
        () =>
        {
            var settings = AwsKeySource.Settings();
            (settings.ServiceURL, settings.AuthenticationRegion, settings.MaxErrorRetry) = (store.Address.AbsoluteUri, "eu-west-1", 0);
            return new AmazonSimpleSystemsManagementClient(new BasicAWSCredentials(AccessKey, secret ?? AccessSecret), settings);
        });

    private static async Task Aws(HttpContext context, TestedStore tested, string? field = null)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        Assert.Equal("AmazonSSM.GetParameter", context.Request.Headers["X-Amz-Target"]);
        using var document = JsonDocument.Parse(body);
        Assert.Equal("/aws/reference/secretsmanager/mistral/production", document.RootElement.GetProperty("Name").GetString());
        Assert.True(document.RootElement.GetProperty("WithDecryption").GetBoolean());

        var value = field is null ? tested.Value : JsonSerializer.Serialize(new Dictionary<string, string> { [field] = tested.Value });
        await (tested.Failure switch
        {
            _ when !IsSigned(context.Request, body) => Error(context, tested, "InvalidSignatureException"),
            null => Answer(context, value),
            StoreFailure.Denied => Error(context, tested, "AccessDeniedException"),
            StoreFailure.Missing => Error(context, tested, "ParameterNotFound"),
            StoreFailure.Throttled => Error(context, tested, "ThrottlingException"),
            StoreFailure.Broken => SourceExpectations.Answer(context, 500, tested.Value),
            StoreFailure.Hanging => SourceExpectations.Hang(context),
            StoreFailure.Garbage => SourceExpectations.Answer(context, 200, $"<html>{tested.Value}</html>"),
            _ => Answer(context, ""),
        });
    }

    private static Task Error(HttpContext context, TestedStore tested, string type) => SourceExpectations.Answer(context, 400, $$"""{ "__type": "{{type}}", "message": "{{tested.Value}}" }""", "application/x-amz-json-1.1");

    private static Task Answer(HttpContext context, string value)
    {
        var result = JsonSerializer.Serialize(new { name = "mistral/production", versionId = "version-5", secretString = value });
        var parameter = new { Name = "x", Value = value, Version = 0, Type = "SecureString", LastModifiedDate = 1_770_000_000, SourceResult = result };
        return SourceExpectations.Answer(context, 200, JsonSerializer.Serialize(new { Parameter = parameter }), "application/x-amz-json-1.1");
    }

    // Signature Version 4: the canonical request, the string to sign, the derived key.
    private static bool IsSigned(HttpRequest request, string body)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal))
            return false;

        var parts = header["AWS4-HMAC-SHA256 ".Length..].Split(',').Select(part => part.Trim().Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var scope = parts["Credential"].Split('/');
        var headers = string.Concat(parts["SignedHeaders"].Split(';').Select(name => $"{name}:{request.Headers[name].ToString().Trim()}\n"));
        var canonical = $"POST\n/\n\n{headers}\n{parts["SignedHeaders"]}\n{Hash(body)}";
        var toSign = $"AWS4-HMAC-SHA256\n{request.Headers["X-Amz-Date"]}\n{string.Join('/', scope[1..])}\n{Hash(canonical)}";
        var key = scope[1..].Aggregate(Encoding.UTF8.GetBytes("AWS4" + AccessSecret), (current, part) => HMACSHA256.HashData(current, Encoding.UTF8.GetBytes(part)));
        return scope[0] == AccessKey && parts["Signature"] == Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
