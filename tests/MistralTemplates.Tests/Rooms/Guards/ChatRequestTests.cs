using System.Text.Json;
using Acme.App.Guards;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Guards;

public sealed class ChatRequestTests
{
    private const string Canary = "canary-value";

    [Fact]
    public async Task Accepts_AModestRequest() => Assert.Null(await RefusalAsync(Request()));

    [Theory]
    [InlineData("tool", "Hello", "messages[0].role", "The role must be system, user or assistant.")]
    [InlineData(Canary, "Hello", "messages[0].role", "The role must be system, user or assistant.")]
    [InlineData("", "Hello", "messages[0].role", "The role must be system, user or assistant.")]
    [InlineData(null, "Hello", "messages[0].role", "The role must be system, user or assistant.")]
    [InlineData("user", "", "messages[0].content", "The content must not be empty.")]
    [InlineData("user", null, "messages[0].content", "The content must not be empty.")]
    public Task Rejects_AMessageByItsPath(string? role, string? content, string path, string message) =>
        AssertRejectedAsync(Request(messages: [new ChatRequestMessage { Role = role, Content = content }]), path, message);

    [Fact]
    public async Task Rejects_AMessageThatIsNull() =>
        Assert.Equal(["messages[1].content", "messages[1].role"], (await RefusalAsync(Request(messages: [Message("Hello"), null])))!.Errors.Keys.Order());

    [Fact]
    public Task Rejects_ContentOverTheLimit() =>
        AssertRejectedAsync(Request(messages: [Message("Hello"), Message(new string('a', 100_001))]), "messages[1].content", "The content must have at most 100000 characters.");

    [Fact]
    public Task Rejects_AllContentsOverTheLimit() =>
        AssertRejectedAsync(Request(messages: [.. Enumerable.Repeat(Message(new string('a', 90_000)), 5)]), "messages", "All messages, tools and schemas together must have at most 400000 characters.");

    /// <summary>What is not a message is sent and paid for all the same.</summary>
    [Fact]
    public async Task Rejects_ToolsAndSchemasOverTheLimit()
    {
        var schema = JsonElement.Parse($$"""{ "description": "{{new string('a', 400_000)}}" }""");
        ChatOptions[] overTheLimit =
        [
            new() { Tools = [AIFunctionFactory.CreateDeclaration("f", new string('a', 400_000), JsonElement.Parse("{}"))] },
            new() { Tools = [AIFunctionFactory.CreateDeclaration("f", "", schema)] },
            new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) },
            new() { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("{}"), "f", new string('a', 400_000)) },
            new() { StopSequences = [new string('a', 400_000)] },
            new() { AdditionalProperties = new() { ["prediction"] = schema } },
        ];

        foreach (var options in overTheLimit)
            Assert.Equal(["messages"], (await Guarding.RefusalAsync([new ChatMessage(ChatRole.User, "Hello")], options))!.Errors.Keys);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public Task Rejects_TooFewOrTooManyMessages(int count) =>
        AssertRejectedAsync(Request(messages: [.. Enumerable.Repeat(Message("a"), count)]), "messages", "There must be 1 to 100 messages.");

    [Fact]
    public async Task Rejects_AMillionMessages_WithoutAnErrorForEach() =>
        Assert.InRange((await RefusalAsync(Request(messages: new ChatRequestMessage?[1_000_000])))!.Errors.Count, 1, 201);

    [Fact]
    public Task Rejects_AModelThatIsNotOnTheList() =>
        AssertRejectedAsync(Request(model: Canary), "model", "The model is not on this environment's list, \"Policy:AllowedModels\".");

    [Theory]
    [InlineData(-0.1f)]
    [InlineData(1.1f)]
    [InlineData(float.NaN)]
    public Task Rejects_ATemperatureOutOfRange(float temperature) => AssertRejectedAsync(Request(temperature: temperature), "temperature", "The temperature must be 0 to 1.");

    [Theory]
    [InlineData(0)]
    [InlineData(2_001)]
    public Task Rejects_MoreTokensThanTheEnvironmentAllows(int tokens) => AssertRejectedAsync(Request(maxTokens: tokens), "maxTokens", "The most tokens of an answer must be 1 to 2000.");

    [Fact]
    public async Task Rejects_InstructionsAlone() =>
        Assert.Equal(["messages"], (await Guarding.RefusalAsync([], new ChatOptions { Instructions = "Be short." }))!.Errors.Keys);

    [Fact]
    public async Task Rejects_InstructionsOverTheLimit() => Assert.Equal(
        ["messages[1].content"], (await Guarding.RefusalAsync(Request().ToChatMessages(), new ChatOptions { Instructions = new string('a', 100_001) }))!.Errors.Keys);

    [Fact]
    public async Task Accepts_WhatToolsAreAskedAndAnswer() => Assert.Null(await Guarding.RefusalAsync(
        [
            new ChatMessage(ChatRole.User, "Hello"),
            new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["a"] = 1 })]),
            new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", "")]),
        ],
        new ChatOptions()));

    [Fact]
    public async Task Rejects_AToolThatAnswersMoreThanTheLimit() => Assert.Equal(
        ["messages[0].content"],
        (await Guarding.RefusalAsync([new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", new string('a', 100_001))])], new ChatOptions()))!.Errors.Keys);

    [Theory]
    [InlineData("""{"messages":[],"tools":[]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a","name":"b"}]}""")]
    [InlineData("""{"Messages":[]}""")]
    [InlineData("""{"model":"a","model":"b"}""")]
    public void Read_UnknownOrRepeatedField_IsAnError(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, ChatRequestJsonContext.Default.ChatRequest));

    [Fact]
    public void Read_EveryField_Arrives()
    {
        var request = JsonSerializer.Deserialize(
            """{"model":"m","messages":[{"role":"user","content":"c"}],"temperature":0.5,"maxTokens":7,"stream":true}""", ChatRequestJsonContext.Default.ChatRequest)!;

        Assert.Equal(("m", "user", "c", 0.5f, 7, true), (request.Model, request.Messages![0]!.Role, request.Messages[0]!.Content, request.Temperature, request.MaxTokens, request.Stream));
    }

    private static Task<ChatRefusedException?> RefusalAsync(ChatRequest request) => Guarding.RefusalAsync(request.ToChatMessages(), request.ToChatOptions());

    private static async Task AssertRejectedAsync(ChatRequest request, string path, string message)
    {
        var refused = await RefusalAsync(request);

        Assert.Equal(ChatRefusedException.InvalidRequest, refused!.Code);
        var (field, messages) = Assert.Single(refused.Errors);
        Assert.Equal((path, message), (field, Assert.Single(messages)));
        Assert.DoesNotContain(Canary, refused.ToString(), StringComparison.Ordinal);
    }

    private static ChatRequestMessage Message(string content) => new() { Role = "user", Content = content };

    private static ChatRequest Request(string? model = null, ChatRequestMessage?[]? messages = null, float? temperature = null, int? maxTokens = null) => new()
    {
        Model = model,
        Messages = messages ?? [Message("Hello")],
        Temperature = temperature,
        MaxTokens = maxTokens,
    };
}
