using System.Diagnostics;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>What every chat client promises, and what this one keeps to itself.</summary>
public sealed class ContractCases
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Case26_DeprecatedModelInUse_IsWarnedOf()
    {
        await using var room = await MistralRoom.OpenAsync(("Policy:AllowedModels:2", MistralStandIn.DeprecatedModel));

        var models = await room.Models.ListAsync(Token);

        Assert.Contains(models, model => model.Id == "mistral-large-latest");
        var warning = Assert.Single(room.Logs.GetSnapshot(), record => record.Level == LogLevel.Warning);
        Assert.Equal(
            $"Mistral switches the model {MistralStandIn.DeprecatedModel} off on 2025-06-16; the replacement that it names is mistral-small-latest.", warning.Message);
    }

    [Fact]
    public async Task Case27_ConcurrentCalls_EachGetTheirOwnAnswer()
    {
        await using var room = await MistralRoom.OpenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async number => number % 2 == 0
            ? (await room.Client.GetResponseAsync($"{number}", cancellationToken: Token)).Text
            : (await room.Client.GetStreamingResponseAsync($"{number}", cancellationToken: Token).ToChatResponseAsync(Token)).Text));

        Assert.Equal(Enumerable.Range(0, 40).Select(number => $"You said: {number}"), answers);
    }

    [Fact]
    public async Task Case27_CallersOptionsAndMessages_StayUnchanged()
    {
        await using var room = await MistralRoom.OpenAsync();
        var options = new ChatOptions { Instructions = "Be kind.", StopSequences = ["x"], Tools = [AIFunctionFactory.Create(() => 1, "one")] };
        List<ChatMessage> messages = [new(ChatRole.User, "Hi")];

        await room.Client.GetResponseAsync(messages, options, Token);

        Assert.Equal((null, "Be kind.", 1, 1), (options.ModelId, options.Instructions, options.StopSequences.Count, options.Tools.Count));
        Assert.Equal("Hi", Assert.Single(messages).Text);
    }

    [Fact]
    public async Task Case27_GetService_KeepsItsContract()
    {
        await using var room = await MistralRoom.OpenAsync();
        var metadata = room.Client.GetRequiredService<ChatClientMetadata>();

        Assert.Equal(("mistral_ai", room.StandIn.Endpoint, "mistral-small-latest"), (metadata.ProviderName, metadata.ProviderUri, metadata.DefaultModelId));
        Assert.NotNull(room.Client.GetService<MistralChatClient>());
        Assert.Null(room.Client.GetService(typeof(ChatClientMetadata), "key"));
        Assert.Null(room.Client.GetService(typeof(string)));
        Assert.Throws<ArgumentNullException>(() => room.Client.GetService<MistralChatClient>()!.GetService(null!));
    }

    [Fact]
    public async Task Case27_RawRepresentation_IsSet()
    {
        await using var room = await MistralRoom.OpenAsync();

        var whole = await room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        var updates = await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToListAsync(Token);

        Assert.NotNull(whole.RawRepresentation);
        Assert.All(updates, update => Assert.NotNull(update.RawRepresentation));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(422)]
    [InlineData(500)]
    public async Task Case28_CanaryKeyAndPrompt_AppearInNoLogAndNoTrace(int status)
    {
        const string Prompt = "canary-prompt";
        var key = string.Concat("canary", "Key");
        var spans = new List<Activity>();
        using var source = new ActivitySource("Case28");
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var room = await MistralRoom.OpenAsync(new FakeApiKeys(key));
        room.StandIn.AcceptedKeys = [key];
        if (status != 200)
            room.StandIn.Enqueue([.. Enumerable.Repeat(StandInReply.Error(status, $$"""{"detail":[{"input":"{{Prompt}} {{key}}"}],"message":"{{Prompt}}"}"""), 8)]);

        string trace;
        using (var parent = source.StartActivity("test")!)
        {
            trace = parent.TraceId.ToHexString();
            var first = await Record.ExceptionAsync(() => room.Client.GetResponseAsync(Prompt, new() { Instructions = Prompt }, Token));
            var second = await Record.ExceptionAsync(() => room.Client.GetStreamingResponseAsync(Prompt, cancellationToken: Token).ToChatResponseAsync(Token));
            Assert.Equal(status != 200, first is MistralException && second is MistralException);
            Assert.DoesNotContain("canary", $"{first}{second}");
        }

        List<Activity> seen;
        lock (spans)
            seen = [.. spans.Where(span => span.TraceId.ToHexString() == trace)];
        Assert.Contains(seen, span => span.Source.Name == MistralServiceCollectionExtensions.TelemetrySource);
        Assert.DoesNotContain(seen, span => Everything.Of(span).Contains("canary"));
        Assert.Empty(room.Logs.GetSnapshot());
    }
}
