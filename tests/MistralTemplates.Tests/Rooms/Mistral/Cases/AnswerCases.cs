using System.Text.Json;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>What Mistral answers when all is well, in every form that was seen.</summary>
public sealed class AnswerCases
{
    private const string Thought = """[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}],"signature":"sig","closed":true},{"type":"text","text":"Yes."}]""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("\"Hello\"", "Hello")]
    [InlineData("null", "")]
    [InlineData("\"\"", "")]
    [InlineData("""[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]""", "Hello")]
    [InlineData(Thought, "Yes.")]
    public async Task Case11_Content_IsReadInEveryForm(string content, string expected)
    {
        var response = await AnswerTo($$"""{"index":0,"message":{"role":"assistant","content":{{content}}},"finish_reason":"stop"}""");

        Assert.Equal(expected, response.Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Case11_Thinking_SurvivesTheRoundTripWithItsSignature(bool stream)
    {
        await using var room = await MistralRoom.OpenAsync();
        var choice = $$$"""{"index":0,"{{{(stream ? "delta" : "message")}}}":{"role":"assistant","content":{{{Thought}}}},"finish_reason":"stop"}""";
        room.StandIn.Enqueue(stream
            ? StandInReply.Stream($$"""data: {"id":"1","choices":[{{choice}}]}""" + "\n\ndata: [DONE]\n\n")
            : StandInReply.Json($$"""{"id":"1","choices":[{{choice}}]}"""));

        var first = stream
            ? await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token)
            : await room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        await room.Client.GetResponseAsync([new(ChatRole.User, "Hi"), .. first.Messages, new(ChatRole.User, "Sure?")], cancellationToken: Token);

        var reasoning = Assert.Single(first.Messages[0].Contents.OfType<TextReasoningContent>());
        Assert.Equal(("Hm.", "sig"), (reasoning.Text, reasoning.ProtectedData));
        var sent = room.StandIn.Requests[1].Json.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal("Hm.", sent[0].GetProperty("thinking")[0].GetProperty("text").GetString());
        Assert.Equal("sig", sent[0].GetProperty("signature").GetString());
        Assert.Equal("Yes.", sent[1].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("length", "length")]
    [InlineData("model_length", "length")]
    [InlineData("tool_calls", "tool_calls")]
    [InlineData("brand_new", "brand_new")]
    public async Task Case12_FinishReason_KnownOrNot_IsGiven(string wire, string expected)
    {
        var response = await AnswerTo($$"""{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"{{wire}}"}""");

        Assert.Equal(new ChatFinishReason(expected), response.FinishReason);
    }

    [Fact]
    public async Task Case12_FinishReasonError_IsAFailure()
    {
        const string Choice = """{"index":0,"message":{"role":"assistant","content":"Hi"},"delta":{"content":"Hi"},"finish_reason":"error"}""";
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream($$"""data: {"id":"1","choices":[{{Choice}}]}""" + "\n\n"));

        var streamed = await Assert.ThrowsAsync<MistralException>(
            () => room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token));
        var whole = await Assert.ThrowsAsync<MistralException>(() => AnswerTo(Choice));

        Assert.Equal(MistralErrorKind.Unavailable, whole.Kind);
        Assert.Equal(MistralErrorKind.Unavailable, streamed.Kind);
    }

    /// <summary>Whatever stands beside it is no answer to rely on.</summary>
    [Fact]
    public async Task Case12_ErrorBesideAChoice_IsAFailure()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Json(
            """{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"error":{"message":"canary","code":"1300"}}"""));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
        Assert.DoesNotContain("canary", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Case13_UnknownFieldsAndChunks_AreTolerated()
    {
        var response = await AnswerTo(
            """
            {"index":0,"new":{"a":[1]},"message":{"role":"assistant","refusal":null,"content":[{"type":"hologram","beam":7},{"type":"text","text":"Hi","weight":2},
            {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},{"type":"reference","reference_ids":[1,"2"]}]},"finish_reason":"stop","logprobs":null}
            """);

        Assert.Equal("Hi", response.Text);
        Assert.Equal(4, response.Messages[0].Contents.Count);
    }

    [Theory]
    [InlineData("data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\n", 3)]
    [InlineData("data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"1\",\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n", 3)]
    [InlineData("data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n", null)]
    [InlineData("data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":9223372036854775807}}\n\n", null)]
    [InlineData("data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":-1}}\n\n", null)]
    public async Task Case15_Usage_WithContentAloneOrAbsent_IsRead(string events, int? total)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream(events, "data: [DONE]\n\n"));

        var response = await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token);

        Assert.Equal("Hi", response.Text);
        Assert.Equal(total, response.Usage?.TotalTokenCount);
    }

    private static async Task<ChatResponse> AnswerTo(string choice)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Json($$"""{"id":"1","object":"chat.completion","created":1750000000,"model":"m","choices":[{{choice}}],"extra":1}"""));
        return await room.Client.GetResponseAsync("Hi", cancellationToken: Token);
    }
}
