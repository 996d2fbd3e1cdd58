using System.Text.Json;
using Acme.App.Guards;

namespace MistralTemplates.Tests.Rooms.Guards;

public sealed class ChatRequestTests
{
    private const string Canary = "canary-value";

    [Fact]
    public void Accepts_AModestRequest() => Assert.True(Guarding.Validator().Validate(Request()).IsValid);

    [Theory]
    [InlineData("tool", "Hello", "messages[0].role", "The role must be system, user or assistant.")]
    [InlineData(Canary, "Hello", "messages[0].role", "The role must be system, user or assistant.")]
    [InlineData("user", "", "messages[0].content", "The content must not be empty.")]
    public void Rejects_AMessageByItsPath(string role, string content, string path, string message)
    {
        var result = Guarding.Validator().Validate(Request(messages: [new ChatRequestMessage { Role = role, Content = content }]));

        var failure = Assert.Single(result.Errors);
        Assert.Equal((path, message), (failure.PropertyName, failure.ErrorMessage));
        Assert.DoesNotContain(Canary, ChatRefusedException.Invalid(result).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_ContentOverTheLimit() => AssertRejected(
        Request(messages: [new ChatRequestMessage { Role = "user", Content = new string('a', 100_001) }]), "messages[0].content", "The content must have at most 100000 characters.");

    [Fact]
    public void Rejects_AllContentsOverTheLimit() => AssertRejected(
        Request(messages: [.. Enumerable.Repeat(new ChatRequestMessage { Role = "user", Content = new string('a', 90_000) }, 5)]), "messages", "All messages together must have at most 400000 characters.");

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public void Rejects_TooFewOrTooManyMessages(int count) => AssertRejected(
        Request(messages: [.. Enumerable.Repeat(new ChatRequestMessage { Role = "user", Content = "a" }, count)]), "messages", "There must be 1 to 100 messages.");

    [Fact]
    public void Rejects_AModelThatIsNotOnTheList() => AssertRejected(Request(model: Canary), "model", "The model is not on this environment's list, \"Policy:AllowedModels\".");

    [Theory]
    [InlineData(-0.1f)]
    [InlineData(1.1f)]
    public void Rejects_ATemperatureOutOfRange(float temperature) => AssertRejected(Request(temperature: temperature), "temperature", "The temperature must be 0 to 1.");

    [Theory]
    [InlineData(0)]
    [InlineData(2_001)]
    public void Rejects_MoreTokensThanTheEnvironmentAllows(int tokens) => AssertRejected(Request(maxTokens: tokens), "maxTokens", "The maximum of tokens must be 1 to 2000.");

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

        Assert.Equal(("m", "user", "c", 0.5f, 7, true), (request.Model, request.Messages![0].Role, request.Messages[0].Content, request.Temperature, request.MaxTokens, request.Stream));
    }

    private static void AssertRejected(ChatRequest request, string path, string message)
    {
        var failure = Assert.Single(Guarding.Validator().Validate(request).Errors);
        Assert.Equal((path, message), (failure.PropertyName, failure.ErrorMessage));
        Assert.Null(failure.AttemptedValue);
    }

    private static ChatRequest Request(string? model = null, ChatRequestMessage[]? messages = null, float? temperature = null, int? maxTokens = null) => new()
    {
        Model = model,
        Messages = messages ?? [new ChatRequestMessage { Role = "user", Content = "Hello" }],
        Temperature = temperature,
        MaxTokens = maxTokens,
    };
}
