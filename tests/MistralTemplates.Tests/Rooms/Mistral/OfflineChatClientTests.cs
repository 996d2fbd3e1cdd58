using System.Text;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Mistral;

public sealed class OfflineChatClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetResponseAsync_AskedTwice_SaysTheSameAndThatItIsTheStandIn()
    {
        using var client = new OfflineChatClient();

        var first = await client.GetResponseAsync("Hello", cancellationToken: Token);
        var second = await client.GetResponseAsync("Hello", cancellationToken: Token);

        Assert.Equal("This is the offline stand-in; no model was asked. You said: Hello", first.Text);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal((ChatFinishReason.Stop, "offline-stand-in"), (first.FinishReason, first.ModelId));
        Assert.Equal((1, 12, 13), (first.Usage!.InputTokenCount, first.Usage.OutputTokenCount, first.Usage.TotalTokenCount));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_LongQuestion_StreamsWordsAndEchoesOnlyItsBeginning()
    {
        using var client = new OfflineChatClient();

        var updates = await client.GetStreamingResponseAsync(new string('x', 10_000), cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(13, updates.Count);
        Assert.InRange(updates.ToChatResponse().Text.Length, 200, 300);
    }

    /// <summary>Half a character is no text.</summary>
    [Fact]
    public async Task GetStreamingResponseAsync_CutWithinACharacter_LeavesItOut()
    {
        using var client = new OfflineChatClient();

        var answer = await client.GetStreamingResponseAsync("x" + string.Concat(Enumerable.Repeat("\U0001F600", 100)), cancellationToken: TestContext.Current.CancellationToken)
            .ToChatResponseAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(answer.Text)));
        Assert.EndsWith("\U0001F600", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_Cancelled_Stops()
    {
        using var client = new OfflineChatClient();
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.GetStreamingResponseAsync("Hello", cancellationToken: cancel.Token))
                await cancel.CancelAsync();
        });
    }

    [Fact]
    public void GetService_Metadata_TellsThatItIsOffline()
    {
        using var client = new OfflineChatClient();

        Assert.Equal("offline", client.GetRequiredService<ChatClientMetadata>().ProviderName);
        Assert.Same(client, client.GetService<OfflineChatClient>());
        Assert.Null(client.GetService(typeof(ChatClientMetadata), "key"));
    }
}
