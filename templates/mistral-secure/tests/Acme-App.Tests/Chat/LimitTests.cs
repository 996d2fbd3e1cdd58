using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Acme.App.Tests.StandIn;
using static Acme.App.Tests.Chat.AccessCalls;

namespace Acme.App.Tests.Chat;

/// <summary>How often a caller may chat, and how much.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private MistralStandIn _mistral = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _mistral = await MistralStandIn.StartAsync(CancellationToken);

    public ValueTask DisposeAsync() => _mistral.DisposeAsync();

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
        const int budget = 2000;
        for (var i = 0; i < 40; i++)
            _mistral.Enqueue(StandInReply.Answer(string.Join(' ', Enumerable.Repeat("word", 400))));
        await using var api = new ApiUnderTest(
            _mistral,
            ("Access:Callers:ada:TokensPerMinute", $"{budget}"),
            ("Access:Callers:ada:RequestsPerMinute", "1000"), ("Access:Callers:ada:ConcurrentRequests", "100"));
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
        await using var api = new ApiUnderTest(_mistral, ("Access:Callers:ada:TokensPerMinute", "3500"));
        using var client = Client(api, TestTokens.Create());

        using var failed = await AskAsync(client, maxTokens: 2000);
        using var answered = await AskAsync(client, maxTokens: 2000);

        Assert.Equal(HttpStatusCode.BadRequest, failed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }
}
