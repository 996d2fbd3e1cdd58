using System.Runtime.CompilerServices;
using System.Text.Json;
using Acme.App.Access;
using Microsoft.Extensions.AI;
using MistralTemplates.Tests.Rooms.Guards;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class BudgetChatClientTests
{
    [Fact]
    public async Task GetStreamingResponse_LeftEarly_SettlesTheBudget()
    {
        var budget = new RecordingBudget();
        using var client = new BudgetChatClient(new ScriptedClient(new TextContent("a"), new TextContent("b")), budget);

        await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None))
            break;

        Assert.Equal(["reserve 15+9", "settle 15+3", "dispose"], budget.Calls);
    }

    /// <summary>What Mistral has done by then nobody knows: else a caller could have any number of answers made, by leaving just before each.</summary>
    [Theory]
    [InlineData(false, "settle all")]
    [InlineData(true, "settle 15+0")]
    public async Task Ask_LeftBeforeAnythingCame_IsPaidFor(bool isStreamed, string settled)
    {
        var budget = new RecordingBudget();
        using var client = new BudgetChatClient(new SilentClient(), budget);
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

        Assert.Equal(["reserve 15+9", settled, "dispose"], budget.Calls);
    }

    [Fact]
    public async Task GetStreamingResponse_LeftAfterAToolsCall_PaysTheMost()
    {
        var budget = new RecordingBudget();
        using var client = new BudgetChatClient(new ScriptedClient(new FunctionCallContent("1", "look"), new TextContent("b")), budget);

        await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], new ChatOptions { MaxOutputTokens = 9 }, CancellationToken.None))
            break;

        Assert.Equal(["reserve 15+9", "settle 15+9", "dispose"], budget.Calls);
    }

    /// <summary>Mistral counts them as part of the prompt: left out, a caller could spend any number of tokens on a budget of a few.</summary>
    [Fact]
    public async Task GetResponse_WithToolsAndSchemasAndAPrediction_ReservesForThem()
    {
        var budget = new RecordingBudget();
        using var client = new BudgetChatClient(new ScriptedClient(new TextContent("a")), budget);
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

        Assert.Equal($"reserve {3 * ("Hello".Length + "Short".Length + "lookLooks.".Length + (3 * 7))}+9", budget.Calls[0]);
    }

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

    private sealed class RecordingBudget : IBudget, IBudgetReservation
    {
        public List<string> Calls { get; } = [];

        public ValueTask<IBudgetReservation> ReserveAsync(BudgetEstimate estimate, CancellationToken cancellationToken)
        {
            Calls.Add($"reserve {estimate.InputTokens}+{estimate.OutputTokens}");
            return new(this);
        }

        public ValueTask SettleAsync(UsageDetails? usage, CancellationToken cancellationToken)
        {
            Calls.Add(usage is null ? "settle all" : $"settle {usage.InputTokenCount}+{usage.OutputTokenCount}");
            return default;
        }

        public ValueTask DisposeAsync()
        {
            Calls.Add("dispose");
            return default;
        }
    }
}
