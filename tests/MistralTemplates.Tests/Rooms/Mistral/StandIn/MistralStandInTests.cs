using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace MistralTemplates.Tests.Rooms.Mistral.StandIn;

/// <summary>The stand-in takes what Mistral's schema takes and refuses the rest as Mistral does.</summary>
public sealed class MistralStandInTests : IAsyncLifetime
{
    private readonly HttpClient _client = new();
    private MistralStandIn _standIn = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _standIn = await MistralStandIn.StartAsync(Token);
        _client.BaseAddress = _standIn.Endpoint;
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", MistralStandIn.UsualKey);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _standIn.DisposeAsync();
    }

    [Fact]
    public async Task Chat_WholeAnswer_EchoesTheLastMessageWithUsage()
    {
        var (status, body) = await PostAsync("""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello there"}]}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("You said: Hello there", body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(6, body.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Chat_Streamed_SendsWordsThenUsageThenDone()
    {
        using var response = await _client.PostAsync(
            "/v1/chat/completions", Json("""{"model":"mistral-small-latest","stream":true,"messages":[{"role":"user","content":"Hello"}]}"""), Token);
        var events = (await response.Content.ReadAsStringAsync(Token)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(5, events.Length);
        Assert.Contains("\"usage\"", events[3]);
        Assert.Equal("data: [DONE]", events[4]);
    }

    [Theory]
    [InlineData("max_completion_tokens", "5")]
    [InlineData("stream_options", """{"include_usage":true}""")]
    [InlineData("seed", "1")]
    [InlineData("user", "\"u\"")]
    [InlineData("store", "true")]
    public async Task Chat_FieldThatMistralRefuses_Is422WithTheInputEchoed(string name, string value)
    {
        var (status, body) = await PostAsync($$"""{"model":"mistral-small-latest","{{name}}":{{value}},"messages":[{"role":"user","content":"Hi"}]}""");

        var fault = body.GetProperty("detail")[0];
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("extra_forbidden", fault.GetProperty("type").GetString());
        Assert.Equal(value, fault.GetProperty("input").GetRawText());
    }

    [Theory]
    [InlineData("""{"messages":[]}""")]
    [InlineData("""{"model":"mistral-small-latest"}""")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"developer","content":"Hi"}]}""")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi","name":"me"}]}""")]
    [InlineData("""{"model":"mistral-small-latest","temperature":1.6,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"model":"mistral-small-latest","top_p":0,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"model":"mistral-small-latest","random_seed":-1,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"model":"mistral-small-latest","n":0,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"user","content":[{"type":"text","text":"Hi","extra":1}]}]}""")]
    [InlineData("""{"model":"mistral-small-latest","tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("not json")]
    public async Task Chat_AgainstTheSchema_Is422(string request)
    {
        var (status, _) = await PostAsync(request);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
    }

    [Theory]
    [InlineData("1500", """{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("3230", """{"model":"mistral-small-latest","messages":[{"role":"assistant","content":"Hi"}]}""")]
    [InlineData("3230", """{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"abcdefgh1","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":"Well?"}]}""")]
    [InlineData("3240", """{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":""},{"role":"user","content":"And?"}]}""")]
    [InlineData("3280", """{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"call_1","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"1"}]}""")]
    public async Task Chat_AgainstTheRules_Is400WithMistralsCode(string code, string request)
    {
        var (status, body) = await PostAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(code, body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task AcceptedKeys_ChangedWhileRunning_CountFromTheNextRequest()
    {
        _standIn.AcceptedKeys = ["another"];

        var (refused, _) = await PostAsync("{}");
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "another");
        using var models = await _client.GetAsync("/v1/models", Token);

        Assert.Equal(HttpStatusCode.Unauthorized, refused);
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
    }

    [Fact]
    public async Task Enqueue_AFaultAfterABadRequest_StillRefusesTheRequestFirst()
    {
        _standIn.Enqueue(StandInReply.Error(503, "{}"));

        var (first, _) = await PostAsync("""{"model":"mistral-small-latest","messages":[],"seed":1}""");
        var (second, _) = await PostAsync("""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, first);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string request)
    {
        using var response = await _client.PostAsync("/v1/chat/completions", Json(request), Token);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync(Token)));
    }
}
