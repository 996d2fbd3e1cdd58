using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Acme.App.Access;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using MistralTemplates.Tests.Rooms.Guards;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class BudgetChatClientTests
{
    [Fact]
    public async Task GetStreamingResponse_LeftEarly_SettlesTheBudget()
    {
        var store = new RecordingStore();
        using var client = new BudgetChatClient(new ScriptedClient(new TextContent("a"), new TextContent("b")), BudgetOn(store));

        await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None))
            break;

        Assert.Equal(["take 30", "correct -8"], store.Calls);
    }

    /// <summary>What Mistral has done by then nobody knows: else a caller could have any number of answers made, by leaving just before each.</summary>
    [Theory]
    [InlineData(false, "take 30")]
    [InlineData(true, "take 30, correct -9")]
    public async Task Ask_LeftBeforeAnythingCame_IsPaidFor(bool isStreamed, string calls)
    {
        var store = new RecordingStore();
        using var client = new BudgetChatClient(new SilentClient(), BudgetOn(store));
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken.None);
        leave.CancelAfter(100);
        ChatMessage[] asked = [new(ChatRole.User, "Hello")];
        var options = new ChatOptions { MaxOutputTokens = 9 };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            if (!isStreamed)
                await client.GetResponseAsync(asked, options, leave.Token);
            await foreach (var _ in client.GetStreamingResponseAsync(asked, options, leave.Token))
                Assert.Fail("Nothing comes.");
        });

        Assert.Equal(calls, string.Join(", ", store.Calls));
    }

    [Fact]
    public async Task GetStreamingResponse_LeftAfterAToolsCall_PaysTheMost()
    {
        var store = new RecordingStore();
        using var client = new BudgetChatClient(new ScriptedClient(new FunctionCallContent("1", "look"), new TextContent("b")), BudgetOn(store));

        await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None))
            break;

        Assert.Equal(["take 30"], store.Calls);
    }

    /// <summary>Else a caller could have any number of calls written for the price of a prompt, by leaving before each is whole.</summary>
    [Fact]
    public async Task GetStreamingResponse_LeftWhileAToolsCallIsWritten_PaysForItsPieces()
    {
        var store = new RecordingStore();
        var piece = JsonSerializer.Deserialize("""{"id":"1","choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\""}}]}}]}""", MistralJsonContext.Default.WireAnswer);
        ToolCallBuilder? calls = null;
        using var client = new BudgetChatClient(new UpdateClient(WireAnswers.ToUpdate(piece!, ref calls, null!)), BudgetOn(store));

        await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None))
            break;

        Assert.Equal(["take 30", "correct -4"], store.Calls);
    }

    /// <summary>A token is at least a byte of UTF-8: for what most callers write a third of three for each character.</summary>
    [Theory]
    [InlineData("abcd", 4)]
    [InlineData("äöüß", 8)]
    [InlineData("日本語で", 12)]
    public async Task GetResponse_Text_IsReservedByItsBytes(string text, int bytes)
    {
        var store = new RecordingStore();
        using var client = new BudgetChatClient(new ScriptedClient(new TextContent("a")), BudgetOn(store));

        await client.GetResponseAsync([new ChatMessage(ChatRole.User, text)], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None);

        Assert.Equal($"take {16 + bytes + 9}", store.Calls[0]);
    }

    /// <summary>What the guards let in by default, a caller's limits let in by default.</summary>
    [Fact]
    public async Task GetResponse_LongestRequestOfTheGuards_FitsTheDefaultLimits()
    {
        var limits = new CallerLimits();
        using var client = new BudgetChatClient(
            new ScriptedClient(new TextContent("a")), TestBudget.Of(new MemoryLimitStore(TimeProvider.System), limits, TimeProvider.System));
        var messages = Enumerable.Range(0, 4).Select(_ => new ChatMessage(ChatRole.User, new string('a', 100_000)));

        var response = await client.GetResponseAsync(messages, new ChatOptions { MaxOutputTokens = 4_000 }, CancellationToken.None);

        Assert.Equal("a", response.Text);
    }

    /// <summary>Mistral counts them as part of the prompt: left out, a caller could spend any number of tokens on a budget of a few.</summary>
    [Fact]
    public async Task GetResponse_WithToolsAndSchemasAndAPrediction_ReservesForThem()
    {
        var store = new RecordingStore();
        using var client = new BudgetChatClient(new ScriptedClient(new TextContent("a")), BudgetOn(store));
        var json = JsonElement.Parse("""{"a":1}""");
        var options = new ChatOptions
        {
            MaxOutputTokens = 9,
            Instructions = "Short",
            Tools = [AIFunctionFactory.CreateDeclaration("look", "Looks.", json)],
            ResponseFormat = ChatResponseFormat.ForJsonSchema(json),
            AdditionalProperties = new() { ["prediction"] = json },
        };

        await client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], options, CancellationToken.None);

        Assert.Equal($"take {21 + (16 + "Short".Length) + (3 * ("lookLooks.".Length + (3 * 7))) + 9}", store.Calls[0]);
    }

    /// <summary>What stands in the request as text is known before, whatever kind of content it is; of the rest the cost is guessed when nobody tells it.</summary>
    [Fact]
    public async Task GetStreamingResponse_WithDocumentsAndImages_PaysForThemWhenLeft()
    {
        var store = new RecordingStore();
        using var client = new BudgetChatClient(new ScriptedClient(new TextContent("a"), new TextContent("b")), BudgetOn(store));
        AIContent[] contents =
        [
            new DataContent(new byte[100], "text/plain"),
            new DataContent(new byte[100], "application/json"),
            new TextReasoningContent("") { ProtectedData = new string('s', 100) },
            new FunctionCallContent(new string('i', 50), new string('n', 50)),
            new DataContent(new byte[160_000], "application/pdf") { AdditionalProperties = new() { ["document_name"] = new string('d', 100) } },
            new UriContent("https://a.example/" + new string('p', 82), "image/*"),
        ];

        await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, contents)], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None))
            break;

        Assert.Equal([$"take {(7 * 8) + (3 * 600) + 9}", $"correct {10_000 + 4_096 - 8}"], store.Calls);
    }

    private static TokenBudget BudgetOn(ILimitStore store) => TestBudget.Of(store, new CallerLimits(), TimeProvider.System);

    private sealed class SilentClient() : DelegatingChatClient(new ScriptedClient())
    {
        public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return new ChatResponse();
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            yield break;
        }
    }

    /// <summary>Writes down what is taken of the first limit and by how much it is corrected.</summary>
    private sealed class UpdateClient(ChatResponseUpdate update) : DelegatingChatClient(new ScriptedClient())
    {
        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return update;
        }
    }

    private sealed class RecordingStore : ILimitStore
    {
        public List<string> Calls { get; } = [];

        public ValueTask<LimitDecision> TakeAsync(string caller, LimitClaim[] claims, CancellationToken cancellationToken)
        {
            Calls.Add(string.Create(CultureInfo.InvariantCulture, $"take {claims[0].Amount}"));
            return new(new LimitDecision(-1, 0));
        }

        public ValueTask CorrectAsync(string caller, LimitClaim[] claims, long difference)
        {
            Calls.Add(string.Create(CultureInfo.InvariantCulture, $"correct {difference}"));
            return default;
        }

        public ValueTask<bool> EnterAsync(string caller, int most, string requestId, CancellationToken cancellationToken) => new(true);

        public ValueTask LeaveAsync(string caller, string requestId) => default;
    }
}
