using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Mistral;

public sealed class MistralChatClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetResponseAsync_AgainstTheStandIn_AnswersWithUsageAndCorrelationId()
    {
        await using var room = await MistralRoom.OpenAsync();

        var response = await room.Client.GetResponseAsync("Hello there", cancellationToken: Token);

        Assert.Equal("You said: Hello there", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(6, response.Usage?.TotalTokenCount);
        Assert.Equal("standin-1", response.AdditionalProperties?["mistral.correlation_id"]);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_AgainstTheStandIn_StreamsWordByWord()
    {
        await using var room = await MistralRoom.OpenAsync();

        var updates = await room.Client.GetStreamingResponseAsync("Hello there", cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(5, updates.Count);
        Assert.Equal("You said: Hello there", updates.ToChatResponse().Text);
        Assert.Equal(6, updates.ToChatResponse().Usage?.TotalTokenCount);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_Offline_SaysThatItIsTheStandIn()
    {
        await using var room = await MistralRoom.OpenAsync(("Mistral:Offline", "true"));

        var response = await room.Client.GetStreamingResponseAsync("Hello", cancellationToken: Token).ToChatResponseAsync(Token);

        Assert.StartsWith("This is the offline stand-in", response.Text);
        Assert.EndsWith("You said: Hello", response.Text);
        Assert.NotNull(response.Usage?.TotalTokenCount);
        Assert.Empty(room.StandIn.Requests);
    }
}
