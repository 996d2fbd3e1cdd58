using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests.Chat;

public sealed class ChatApiTests : IAsyncLifetime
{
    private const string Question = "What is a nonce?";
    private const string Card = "4012 8888 8888 1881";
    private MistralStandIn _mistral = null!;
    private ApiUnderTest _api = null!;
    private HttpClient _client = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _mistral = await MistralStandIn.StartAsync(CancellationToken);
        _api = new ApiUnderTest(_mistral);
        _client = _api.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
        await _mistral.DisposeAsync();
    }

    [Fact]
    public async Task Chat_WithAQuestion_AnswersWhole()
    {
        using var response = await PostAsync(new { model = "mistral-small-latest", messages = Messages(Question) });

        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(Question, answer.GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal("stop", answer.GetProperty("finishReason").GetString());
        Assert.True(answer.GetProperty("usage").GetProperty("totalTokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Chat_Streamed_SendsDeltasThenTheEndThenDone()
    {
        using var response = await PostAsync(new { model = "mistral-small-latest", messages = Messages(Question), stream = true });
        using var stream = await response.Content.ReadAsStreamAsync(CancellationToken);
        var events = new List<string>();
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(CancellationToken))
            events.Add(item.Data);

        var text = string.Concat(events[..^2].Select(item => JsonDocument.Parse(item).RootElement.GetProperty("delta").GetString()));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(Question, text, StringComparison.Ordinal);
        Assert.Equal("stop", JsonDocument.Parse(events[^2]).RootElement.GetProperty("finishReason").GetString());
        Assert.Equal("[DONE]", events[^1]);
    }

    [Fact]
    public async Task Chat_Answered_LeavesAnAuditLineWithoutTheQuestion()
    {
        using var response = await PostAsync(new { model = "mistral-small-latest", messages = Messages(Question) });

        await using var file = new FileStream(_api.AuditFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var audit = await new StreamReader(file).ReadToEndAsync(CancellationToken);
        Assert.Contains("chat.complete", audit, StringComparison.Ordinal);
        Assert.DoesNotContain(Question, audit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ not json")]
    [InlineData("null")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello"}],"surprise":1}""")]
    [InlineData("""{"model":"mistral-small-latest","messages":[]}""")]
    [InlineData("""{"model":"another-model","messages":[{"role":"user","content":"Hello"}]}""")]
    public async Task Chat_WithAWrongBody_IsA400AndAsksNobody(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync("/api/chat", content, CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(_mistral.Requests);
    }

    [Fact]
    public async Task Chat_WithSensitiveData_IsA422ThatNamesTheKindAlone_AndAsksNobody()
    {
        using var response = await PostAsync(new { model = "mistral-small-latest", messages = Messages($"My card is {Card}.") });

        var problem = await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains("card", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("1881", problem, StringComparison.Ordinal);
        Assert.Empty(_mistral.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_WhenTheAnswerHoldsSensitiveData_MasksIt(bool stream)
    {
        _mistral.Enqueue(StandInReply.Answer($"The card is {Card}, as you said."));

        using var response = await PostAsync(new { model = "mistral-small-latest", messages = Messages(Question), stream });

        var answer = await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.Contains("said", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("1881", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("4012", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WhenMistralRefusesTheKey_IsA502ThatSaysNothingOfTheInside()
    {
        _mistral.AcceptedKeys = [];

        using var response = await PostAsync(new { model = "mistral-small-latest", messages = Messages(Question) });

        var problem = await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.DoesNotContain("Unauthorized", problem, StringComparison.Ordinal);
        Assert.DoesNotContain(MistralStandIn.UsualKey[..8], problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_OfARunningApi_IsHealthy(string path)
    {
        using var response = await _client.GetAsync(path, CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static object[] Messages(string content) => [new { role = "user", content }];

    private Task<HttpResponseMessage> PostAsync(object request) => _client.PostAsJsonAsync("/api/chat", request, CancellationToken);
}
