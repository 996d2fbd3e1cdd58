using System.ComponentModel;
using System.Text.Json;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>What goes over the wire. The stand-in refuses whatever Mistral's schema does not allow.</summary>
public sealed class RequestCases
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("v1")]
    [InlineData("v1/")]
    public async Task Case01_Endpoint_WithOrWithoutVersion_IsAskedWithTheKey(string suffix)
    {
        await using var standIn = await MistralStandIn.StartAsync(Token);
        await using var room = await MistralRoom.OpenAsync(("Mistral:Endpoint", $"{standIn.Endpoint}{suffix}"));

        await room.Client.GetResponseAsync("Hi", cancellationToken: Token);

        var request = Assert.Single(standIn.Requests);
        Assert.Equal("/v1/chat/completions", request.Path);
        Assert.Equal($"Bearer {MistralStandIn.UsualKey}", request.Headers["Authorization"]);
        Assert.Equal("application/json", request.Headers["Content-Type"]);
    }

    [Theory]
    [InlineData("https://api.mistral.ai", true)]
    [InlineData("https://api.eu.mistral.ai/v1/", true)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://localhost:8080", true)]
    [InlineData("http://api.mistral.ai", false)]
    [InlineData("ftp://api.mistral.ai", false)]
    [InlineData("api.mistral.ai", false)]
    [InlineData("https://user@api.mistral.ai", false)]
    [InlineData("https://api.mistral.ai?x=1", false)]
    public void Case01_Endpoint_OnlyHttpsOrLoopback_IsValid(string endpoint, bool valid)
    {
        var policy = Options.Create(new PolicyOptions { AllowedModels = ["mistral-small-latest"] });
        var options = new MistralOptions { Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute) };

        Assert.Equal(valid, new MistralOptionsValidator(policy).Validate(options).IsValid);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData(" ")]
    [InlineData("é")]
    [InlineData("\r\nX-Injected: 1")]
    public async Task Case02_KeyThatNoHeaderCarries_IsRefusedWithoutBeingEchoed(string bad)
    {
        var value = $"canary{bad}canary";
        await using var room = await MistralRoom.OpenAsync(new FakeApiKeys(value));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(MistralErrorKind.Authentication, exception.Kind);
        Assert.DoesNotContain("canary", exception.ToString());
        Assert.Empty(room.StandIn.Requests);
        Assert.Equal(KeyVerdict.Rejected, await room.Models.VerifyAsync(new ApiKey(value, "1"), Token));
    }

    [Fact]
    public async Task Case03_MinimalRequest_HasTheMinimalBody()
    {
        Assert.Equal("""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi"}]}""", await BodyOf(null));
    }

    [Fact]
    public async Task Case03_MessagesThatSayNothing_AreLeftOutUnlessTheUserSaysThem()
    {
        await using var room = await MistralRoom.OpenAsync();

        await room.Client.GetResponseAsync([new(ChatRole.User, ""), new(ChatRole.Assistant, []), new(ChatRole.Tool, []), new(ChatRole.User, [])], cancellationToken: Token);

        Assert.Equal("""[{"role":"user","content":""},{"role":"user","content":""}]""", room.StandIn.Requests[0].Json.GetProperty("messages").GetRawText());
    }

    [Fact]
    public async Task Case03_Messages_WithoutAList_AreNotTaken()
    {
        await using var room = await MistralRoom.OpenAsync();

        await Assert.ThrowsAsync<ArgumentNullException>(() => room.Client.GetResponseAsync((IEnumerable<ChatMessage>)null!, cancellationToken: Token));
    }

    [Fact]
    public async Task Case04_LimitsAndSeed_HaveMistralsNames()
    {
        var body = JsonElement.Parse(await BodyOf(new ChatOptions { MaxOutputTokens = 7, Seed = 5, TopP = 0.5f, StopSequences = ["x"] }));

        Assert.Equal(7, body.GetProperty("max_tokens").GetInt32());
        Assert.Equal(5, body.GetProperty("random_seed").GetInt32());
        Assert.Equal(0.5, body.GetProperty("top_p").GetDouble());
        Assert.Equal("x", body.GetProperty("stop")[0].GetString());
    }

    [Fact]
    public async Task Case04_NegativeSeed_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<MistralException>(() => BodyOf(new ChatOptions { Seed = -1 }));

        Assert.Equal(MistralErrorKind.InvalidRequest, exception.Kind);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task Case04_OptionThatIsNoNumber_IsRefused(float value)
    {
        await using var room = await MistralRoom.OpenAsync();
        ChatOptions[] all =
        [
            new() { Temperature = value },
            new() { TopP = value },
            new() { PresencePenalty = value },
            new() { FrequencyPenalty = value },
        ];

        foreach (var options in all)
            Assert.Equal(MistralErrorKind.InvalidRequest, (await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", options, Token))).Kind);
        Assert.Empty(room.StandIn.Requests);
    }

    /// <summary>Mistral's message of a tool is the result of a call; its text would be lost.</summary>
    [Fact]
    public async Task Case03_ToolsMessageWithoutAResult_IsRefused()
    {
        await using var room = await MistralRoom.OpenAsync();

        var exception = await Assert.ThrowsAsync<MistralException>(
            () => room.Client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hi"), new ChatMessage(ChatRole.Tool, "Sunny")], cancellationToken: Token));

        Assert.Equal(MistralErrorKind.InvalidRequest, exception.Kind);
    }

    [Fact]
    public async Task Case05_EveryOption_SendsNothingThatMistralRefuses()
    {
        await using var room = await MistralRoom.OpenAsync();
        var options = new ChatOptions
        {
            ConversationId = "c",
            Instructions = "Be kind.",
            Temperature = 0.1f,
            MaxOutputTokens = 5,
            TopP = 1,
            TopK = 4,
            FrequencyPenalty = 1,
            PresencePenalty = 1,
            Seed = 1,
            Reasoning = new() { Effort = ReasoningEffort.ExtraHigh },
            ResponseFormat = ChatResponseFormat.Text,
            ModelId = "mistral-medium-latest",
            StopSequences = ["x"],
            AllowMultipleToolCalls = true,
            ToolMode = ChatToolMode.Auto,
            AdditionalProperties = new() { ["user"] = "u", ["store"] = true, ["metadata"] = "m" },
        };

        await foreach (var _ in room.Client.GetStreamingResponseAsync([new(ChatRole.User, "Hi") { AuthorName = "me" }], options, Token))
        {
        }

        var body = Assert.Single(room.StandIn.Requests).Json;
        string[] refused = ["max_completion_tokens", "stream_options", "seed", "user", "store", "metadata", "top_k"];
        Assert.DoesNotContain(body.EnumerateObject(), property => refused.Contains(property.Name));
        Assert.Equal("system", body.GetProperty("messages")[0].GetProperty("role").GetString());
        Assert.Equal("xhigh", body.GetProperty("reasoning_effort").GetString());
    }

    public static TheoryData<string, string?> ToolModes => new()
    {
        { "none", "\"none\"" }, { "auto", "\"auto\"" }, { "any", "\"any\"" }, { "weather", """{"type":"function","function":{"name":"weather"}}""" }, { "", null },
    };

    [Theory]
    [MemberData(nameof(ToolModes))]
    public async Task Case06_ToolMode_BecomesToolChoice(string name, string? expected)
    {
        ChatToolMode? mode = name switch
        {
            "" => null,
            "none" => ChatToolMode.None,
            "auto" => ChatToolMode.Auto,
            "any" => ChatToolMode.RequireAny,
            _ => ChatToolMode.RequireSpecific(name),
        };

        var body = JsonElement.Parse(await BodyOf(new ChatOptions { Tools = [AIFunctionFactory.Create(() => "Sunny", "weather")], ToolMode = mode }));

        Assert.Equal(expected, body.TryGetProperty("tool_choice", out var choice) ? choice.GetRawText() : null);
        Assert.Equal(JsonValueKind.Object, body.GetProperty("tools")[0].GetProperty("function").GetProperty("parameters").ValueKind);
    }

    [Fact]
    public async Task Case06_NoTools_MeansNoToolChoice()
    {
        var body = await BodyOf(new ChatOptions { ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = true, Tools = [] });

        Assert.DoesNotContain("tool", body);
    }

    [Fact]
    public async Task Case06_ToolThatIsNoFunction_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<MistralException>(() => BodyOf(new ChatOptions { Tools = [new HostedWebSearchTool()] }));

        Assert.Equal(MistralErrorKind.InvalidRequest, exception.Kind);
    }

    [Fact]
    public async Task Case07_JsonSchema_GoesWhole()
    {
        await using var room = await MistralRoom.OpenAsync();

        var response = await room.Client.GetResponseAsync<Forecast>("Paris", cancellationToken: Token);

        var format = room.StandIn.Requests[0].Json.GetProperty("response_format");
        Assert.Equal("json_schema", format.GetProperty("type").GetString());
        Assert.Equal("Forecast", format.GetProperty("json_schema").GetProperty("name").GetString());
        Assert.Equal("The weather to come.", format.GetProperty("json_schema").GetProperty("description").GetString());
        Assert.True(format.GetProperty("json_schema").GetProperty("schema").GetProperty("properties").TryGetProperty("city", out _));
        Assert.Equal("You said: Paris", response.Result.City);
    }

    [Fact]
    public async Task Case07_ImagesAndDocuments_BecomeChunks()
    {
        await using var room = await MistralRoom.OpenAsync();

        await room.Client.GetResponseAsync(
            [
                new ChatMessage(ChatRole.User,
                [
                    new TextContent("Look"), new DataContent(new byte[] { 1 }, "image/png"), new UriContent("https://example.com/a.jpg", "image/jpeg"),
                    new UriContent("https://example.com/a.pdf", "application/pdf"), new DataContent(new byte[] { 2 }, "application/pdf") { Name = "a.pdf" },
                    new DataContent(new byte[] { 3 }, "audio/wav"), new HostedFileContent("5f0c7c1e-0000-4000-8000-000000000000"),
                ]),
            ],
            cancellationToken: Token);

        var chunks = room.StandIn.Requests[0].Json.GetProperty("messages")[0].GetProperty("content").EnumerateArray().ToList();
        Assert.Equal(
            ["text", "image_url", "image_url", "document_url", "document_url", "input_audio", "file"],
            chunks.Select(chunk => chunk.GetProperty("type").GetString()!));
        Assert.Equal("data:image/png;base64,AQ==", chunks[1].GetProperty("image_url").GetString());
        Assert.Equal("a.pdf", chunks[4].GetProperty("document_name").GetString());
        Assert.Equal("Aw==", chunks[5].GetProperty("input_audio").GetString());
    }

    private static async Task<string> BodyOf(ChatOptions? options)
    {
        await using var room = await MistralRoom.OpenAsync();
        await room.Client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hi")], options, Token);
        return Assert.Single(room.StandIn.Requests).Body;
    }

    [Description("The weather to come.")]
    private sealed record Forecast(string City);
}
