using System.Text.Json;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using CsCheck;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>Tool calls: their ids, their results, and the forms in which Mistral sends them.</summary>
public sealed class ToolCases
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Case08_ForeignIds_AreMappedInPairsTheSameEachTime()
    {
        await using var room = await MistralRoom.OpenAsync();
        var conversation = Conversation("call_OpenAI-style-id", "a1B2c3D4e", "toolu_01", "");

        await room.Client.GetResponseAsync(conversation, cancellationToken: Token);
        await room.Client.GetResponseAsync(conversation, cancellationToken: Token);

        var messages = room.StandIn.Requests[0].Json.GetProperty("messages");
        var called = messages[1].GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("id").GetString()!).ToList();
        Assert.Equal(called, messages.EnumerateArray().Skip(2).Select(message => message.GetProperty("tool_call_id").GetString()!));
        Assert.Equal("a1B2c3D4e", called[1]);
        Assert.Equal(4, called.Distinct().Count());
        Assert.Equal(room.StandIn.Requests[0].Body, room.StandIn.Requests[1].Body);
    }

    [Fact]
    public void Case08_MappedIds_NeverCollide()
    {
        Gen.String.Array[2, 30].Sample(
            names =>
            {
                // The natives are what the foreign ones would be mapped to, so every mapping meets a collision.
                var foreign = names.Distinct().ToList();
                var natives = foreign.Select(name => ToolCallIds.Derive(name, 0)).ToList();
                var ids = new ToolCallIds(Conversation([.. foreign, .. natives]));

                var mapped = foreign.Concat(natives).Distinct().Select(name => ids[name]).ToList();

                Assert.Equal(mapped.Count, mapped.Distinct().Count());
                Assert.All(mapped, id => Assert.True(id.Length == 9 && id.All(char.IsAsciiLetterOrDigit)));
                Assert.All(natives, native => Assert.Equal(native, ids[native]));
            },
            iter: 1000);
    }

    [Fact]
    public async Task Case09_SeveralResults_BecomeOneMessageEach()
    {
        await using var room = await MistralRoom.OpenAsync();

        await room.Client.GetResponseAsync(Conversation("abcdefgh1", "abcdefgh2"), cancellationToken: Token);

        var tools = room.StandIn.Requests[0].Json.GetProperty("messages").EnumerateArray().Skip(2).ToList();
        Assert.Equal(2, tools.Count);
        Assert.Equal(["abcdefgh1", "abcdefgh2"], tools.Select(tool => tool.GetProperty("tool_call_id").GetString()));
        Assert.Equal("""{"sky":"blue"}""", tools[0].GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("\"{\\\"city\\\":\\\"Paris\\\"}\"", "Paris", false)]
    [InlineData("{\"city\":\"Paris\"}", "Paris", false)]
    [InlineData("\"\"", null, false)]
    [InlineData("{}", null, false)]
    [InlineData("\"{\\\"city\\\":\"", null, true)]
    [InlineData("\"[1]\"", null, true)]
    [InlineData("{\"city\":\"\\ud800\"}", null, true)]
    [InlineData("\"{\\\"city\\\":[\\\"\\\\ud800\\\"]}\"", null, true)]
    public async Task Case10_Arguments_AreReadInEveryForm(string arguments, string? city, bool malformed)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Json(
            $$$"""{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"abcdefgh1","function":{"name":"weather","arguments":{{{arguments}}}}}]},"finish_reason":"tool_calls"}]}"""));

        var response = await room.Client.GetResponseAsync("Hi", cancellationToken: Token);

        var call = Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages[0].Contents));
        Assert.Equal(city, call.Arguments is not null && call.Arguments.TryGetValue("city", out var value) ? value?.ToString() : null);
        Assert.Equal(malformed, call.Exception is not null);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task Case16_ToolCallInOneChunk_IsWhole()
    {
        var call = Assert.Single(await CallsOf("""{"tool_calls":[{"id":"abcdefgh1","function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"},"index":0}]}"""));

        Assert.Equal(("abcdefgh1", "weather", "Paris"), (call.CallId, call.Name, call.Arguments!["city"]!.ToString()));
    }

    [Fact]
    public async Task Case16_ToolCallsInFragments_AreJoinedByIndex()
    {
        var calls = await CallsOf(
            """{"tool_calls":[{"id":"abcdefgh1","function":{"name":"weather","arguments":"{\"ci"},"index":0}]}""",
            """{"tool_calls":[{"id":"abcdefgh2","function":{"name":"time","arguments":""},"index":1}]}""",
            """{"tool_calls":[{"id":"null","function":{"name":"","arguments":"ty\":\"Paris\"}"},"index":0}]}""");

        Assert.Equal(["weather", "time"], calls.Select(call => call.Name));
        Assert.Equal("Paris", calls[0].Arguments!["city"]!.ToString());
        Assert.Null(calls[1].Exception);
    }

    [Fact]
    public async Task Case16_WholeCallsWithoutIndex_StayApart()
    {
        var calls = await CallsOf("""{"tool_calls":[{"id":"abcdefgh1","function":{"name":"a","arguments":{}}},{"id":"abcdefgh2","function":{"name":"b","arguments":{}}}]}""");

        Assert.Equal(["abcdefgh1", "abcdefgh2"], calls.Select(call => call.CallId));
    }

    [Fact]
    public async Task Case16_WholeCallsWithoutId_StayApart()
    {
        var calls = await CallsOf("""{"tool_calls":[{"function":{"name":"a","arguments":"{\"x\":1}"}},{"id":"null","function":{"name":"b","arguments":"{}"}}]}""");

        Assert.Equal(["a", "b"], calls.Select(call => call.Name));
        Assert.All(calls, call => Assert.Null(call.Exception));
        Assert.Equal(2, calls.Select(call => call.CallId).Distinct().Count());
    }

    [Fact]
    public async Task Case16_WholeCallsOfOneId_StayApart()
    {
        var calls = await CallsOf("""{"tool_calls":[{"id":"abcdefgh1","function":{"name":"a","arguments":"{}"}},{"id":"abcdefgh1","function":{"name":"b","arguments":"{}"}}]}""");

        Assert.Equal(["a", "b"], calls.Select(call => call.Name));
        Assert.All(calls, call => Assert.Null(call.Exception));
    }

    /// <summary>With what Mistral's schema gives where nothing is said.</summary>
    [Fact]
    public async Task Case16_WholeCallsWithTheSchemasDefaults_StayApart()
    {
        const string Call = """{"id":"null","index":0,"type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}""";

        foreach (var calls in new[] { await CallsOf($$"""{"tool_calls":[{{Call}},{{Call}}]}"""), await CallsOf($$"""{"tool_calls":[{{Call}}]}""", $$"""{"tool_calls":[{{Call}}]}""") })
        {
            Assert.Equal(2, calls.Select(call => call.CallId).Distinct().Count());
            Assert.All(calls, call => Assert.Equal("1", call.Arguments!["a"]!.ToString()));
        }
    }

    [Fact]
    public async Task Case16_FragmentsThatRepeatTheName_AreOneCall()
    {
        var call = Assert.Single(await CallsOf(
            """{"tool_calls":[{"id":"abcdefgh1","function":{"name":"weather","arguments":"{\"ci"},"index":0}]}""",
            """{"tool_calls":[{"id":"null","function":{"name":"weather","arguments":"ty\":\"Paris\"}"},"index":0}]}"""));

        Assert.Equal("Paris", call.Arguments!["city"]!.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Case16_FunctionInvocation_CallsTheFunctionAndSendsItsResult(bool stream)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Calls(new StandInToolCall("abcdefgh1", "weather", """{"city":"Paris"}""")));
        using var client = new ChatClientBuilder(room.Client).UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create((string city) => $"Sunny in {city}", "weather")] };

        var response = stream
            ? await client.GetStreamingResponseAsync("Hi", options, Token).ToChatResponseAsync(Token)
            : await client.GetResponseAsync("Hi", options, Token);

        Assert.EndsWith("The tool said: Sunny in Paris", response.Text);
        Assert.Equal(2, room.StandIn.Requests.Count);
    }

    private static List<ChatMessage> Conversation(params string[] ids) =>
    [
        new(ChatRole.User, "Hi"),
        new(ChatRole.Assistant, [.. ids.Select(id => new FunctionCallContent(id, "weather", new Dictionary<string, object?> { ["city"] = "Paris" }))]),
        new(ChatRole.Tool, [.. ids.Select(id => new FunctionResultContent(id, JsonElement.Parse("""{"sky":"blue"}""")))]),
    ];

    private static async Task<List<FunctionCallContent>> CallsOf(params string[] deltas)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream(
            [
                .. deltas.Select(delta => $$$"""data: {"id":"1","choices":[{"index":0,"delta":{{{delta}}},"finish_reason":null}]}""" + "\n\n"),
                """data: {"id":"1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"tool_calls"}]}""" + "\n\ndata: [DONE]\n\n",
            ]));
        var response = await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token);
        return [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
    }
}
