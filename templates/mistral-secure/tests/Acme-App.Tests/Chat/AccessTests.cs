using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests.Chat;

/// <summary>Who is let in, how often and how much.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Expired = nameof(Expired);
    private const string ForAnother = nameof(ForAnother);
    private const string Forged = nameof(Forged);
    private const string Missing = nameof(Missing);
    private MistralStandIn _mistral = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _mistral = await MistralStandIn.StartAsync(CancellationToken);

    public ValueTask DisposeAsync() => _mistral.DisposeAsync();

    [Theory]
    [InlineData(Missing, "token.missing")]
    [InlineData(Forged, "token.invalid")]
    [InlineData(Expired, "token.invalid")]
    [InlineData(ForAnother, "token.invalid")]
    public async Task Chat_WithoutAGoodToken_IsA401ThatIsAuditedAndAsksNobody(string what, string code)
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, what switch
        {
            Forged => TestTokens.Create(key: RandomNumberGenerator.GetBytes(32)),
            Expired => TestTokens.Create(expires: DateTime.UtcNow.AddMinutes(-30)),
            ForAnother => TestTokens.Create(audience: "another-program"),
            _ => null,
        });

        using var response = await AskAsync(client);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(_mistral.Requests);
        var denied = Assert.Single(await RecordsAsync(api, "access.denied"));
        Assert.Equal(code, denied.GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Chat_WithATokenForAnotherScope_IsA403()
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, TestTokens.Create(scope: "operate"));

        using var response = await AskAsync(client);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("scope.missing", Assert.Single(await RecordsAsync(api, "access.denied")).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Chat_Answered_IsAuditedWithTheTokensSubject()
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, TestTokens.Create("grace", "profile chat"));

        using var response = await AskAsync(client);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("grace", Assert.Single(await RecordsAsync(api, "chat.complete")).GetProperty("userId").GetString());
    }

    [Fact]
    public async Task Chat_MoreOftenThanAllowed_IsA429ForThisCallerAlone()
    {
        await using var api = new ApiUnderTest(_mistral, ("Access:Limits:RequestsPerMinute", "1000"), ("Access:Callers:ada:RequestsPerMinute", "2"));
        using var client = Client(api, TestTokens.Create());
        using var other = Client(api, TestTokens.Create("grace"));

        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 2; i++)
            answers.Add((await AskAsync(client)).StatusCode);
        using var refused = await AskAsync(client);
        using var answered = await AskAsync(other);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], answers);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0, 1, 60);
        Assert.StartsWith("\"requests\";r=0;t=", Assert.Single(refused.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        Assert.Equal("limit.requests", Assert.Single(await RecordsAsync(api, "limit.exceeded")).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Chat_OfAClassOfCallers_HasTheClassesLimits()
    {
        await using var api = new ApiUnderTest(_mistral, ("Access:Classes:trial:RequestsPerMinute", "1"));
        using var client = Client(api, TestTokens.Create(callerClass: "trial"));

        using var first = await AskAsync(client);
        using var second = await AskAsync(client);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
    }

    [Fact]
    public async Task Chat_OfManyCallersOnOneBudget_NeverSpendsMoreThanTheBudget()
    {
        const int budget = 6000;
        await using var api = new ApiUnderTest(
            _mistral, ("Access:Limits:TokensPerMinute", "1000"), ("Access:Callers:ada:TokensPerMinute", $"{budget}"), ("Access:Callers:ada:RequestsPerMinute", "1000"), ("Access:Callers:ada:ConcurrentRequests", "100"));
        using var client = Client(api, TestTokens.Create());

        var responses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => AskAsync(client, maxTokens: 500)));

        var spent = 0L;
        foreach (var response in responses.Where(response => response.IsSuccessStatusCode))
            spent += (await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken)).GetProperty("usage").GetProperty("totalTokens").GetInt64();
        Assert.InRange(spent, 1, budget);
        var refused = responses.Where(response => !response.IsSuccessStatusCode).ToArray();
        Assert.NotEmpty(refused);
        Assert.All(refused, response => Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode));
        Assert.Equal(refused.Length, (await RecordsAsync(api, "limit.exceeded")).Count);
    }

    [Fact]
    public async Task Chat_ThatFails_GivesItsTokensBack()
    {
        _mistral.Enqueue(StandInReply.Error(400, "{}"));
        await using var api = new ApiUnderTest(_mistral, ("Access:Callers:ada:TokensPerMinute", "800"));
        using var client = Client(api, TestTokens.Create());

        using var failed = await AskAsync(client, maxTokens: 600);
        using var answered = await AskAsync(client, maxTokens: 600);

        Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task Answers_CarryTheSecurityHeadersAndNoServer()
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, TestTokens.Create());

        using var response = await AskAsync(client);

        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.False(response.Headers.Contains("Server"));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private static HttpClient Client(ApiUnderTest api, string? token)
    {
        var client = api.CreateClient();
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client, int? maxTokens = null) => client.PostAsJsonAsync(
        "/api/chat", new { model = "mistral-small-latest", messages = new[] { new { role = "user", content = "Hello" } }, maxTokens }, CancellationToken);

    private static async Task<IReadOnlyList<JsonElement>> RecordsAsync(ApiUnderTest api, string action)
    {
        await using var file = new FileStream(api.AuditFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var lines = (await new StreamReader(file).ReadToEndAsync(CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement).Where(record => record.GetProperty("action").GetString() == action)];
    }
}
