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

        Assert.Equal(["reserve 15+9", "settle", "dispose"], budget.Calls);
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
            Calls.Add("settle");
            return default;
        }

        public ValueTask DisposeAsync()
        {
            Calls.Add("dispose");
            return default;
        }
    }
}
