using System.Text;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>Streams as they come and as they break.</summary>
public sealed class StreamCases
{
    private const string Hello = """data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}""" + "\n\n";
    private const string End = """data: {"id":"1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}""" + "\n\n";
    private const string Done = "data: [DONE]\n\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4096)]
    public async Task Case14_Events_InEveryFormAndSplitAnywhere_AreRead(int bytesPerRead)
    {
        const string Events =
            ": a comment\r\n\r\n"
            + "data:{\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"é\"}}]}\r\n\r\n"
            + "event: message\nid: 7\nretry: 10\ndata: {\"id\":\"1\",\ndata: \"choices\":[{\"delta\":{\"content\":\"😀 ok\"}}]}\n\n"
            + "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"stop\"}]}\r\r"
            + "data:[DONE]\n\n"
            + "data: never read\n\n";
        await using var room = await MistralRoom.OpenAsync(handler: new BytesHandler(Encoding.UTF8.GetBytes(Events), bytesPerRead, "text/event-stream"));

        var response = await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token);

        Assert.Equal("é😀 ok!", response.Text);
    }

    [Theory]
    [InlineData(Hello, false)]
    [InlineData("", false)]
    [InlineData(Hello, true)]
    [InlineData("data: {\"id\"", false)]
    [InlineData(Done, false)]
    [InlineData("""data: {"id":"1","choices":[],"usage":{"total_tokens":3}}""" + "\n\n" + Done, false)]
    public async Task Case17_StreamThatEndsTooSoon_IsABrokenStream(string events, bool cut)
    {
        var exception = await FailureOf(StandInReply.Stream(events) with { End = cut ? ReplyEnd.Cut : ReplyEnd.Properly });

        Assert.Equal(MistralErrorKind.BrokenStream, exception.Kind);
    }

    [Fact]
    public async Task Case17_ToolCallWhoseEndIsNotTold_IsABrokenStream()
    {
        const string call = """data: {"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"id":"abcdefgh1","function":{"name":"a","arguments":"{\"x"}}]}}]}""" + "\n\n";

        Assert.Equal(MistralErrorKind.BrokenStream, (await FailureOf(StandInReply.Stream(call, Done))).Kind);
        Assert.Equal(MistralErrorKind.BrokenStream, (await FailureOf(StandInReply.Stream(Hello, End, call, Done))).Kind);
    }

    /// <summary>Whoever guards the answer has let go of what it held back.</summary>
    [Fact]
    public async Task Case17_WordsBehindTheEnd_AreNoPartOfTheAnswer()
    {
        const string usage = """data: {"id":"1","choices":[],"usage":{"total_tokens":3}}""" + "\n\n";
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream(Hello, End, Hello, usage, Done));

        var response = await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token);

        Assert.Equal("Hello", response.Text);
        Assert.Equal(3, response.Usage?.TotalTokenCount);
    }

    [Theory]
    [InlineData(Hello + Done)]
    [InlineData(Hello + End)]
    public async Task Case17_StreamWithFinishReasonOrDone_IsComplete(string events)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream(events));

        Assert.Equal("Hello", (await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token)).Text);
    }

    [Theory]
    [InlineData("""data: {"object":"error","message":"canary","type":"internal","code":"3000"}""", "3000")]
    [InlineData("""data: {"error":{"message":"canary","code":1300}}""", "1300")]
    [InlineData("""data: {"id":"1","choices":[],"error":{"message":"canary","code":"1300"}}""", "1300")]
    [InlineData("""data: {"object":"error","message":"canary","code":"3000","usage":{"total_tokens":3}}""", "3000")]
    [InlineData("event: error\n" + """data: {"message":"canary"}""", null)]
    public async Task Case17_ErrorEventMidStream_IsAFailureWithTheCode(string error, string? code)
    {
        var exception = await FailureOf(StandInReply.Stream(Hello, error + "\n\n", End, Done));

        Assert.Equal(MistralErrorKind.Unavailable, exception.Kind);
        Assert.Equal(code, exception.Code);
        Assert.DoesNotContain("canary", exception.ToString());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=utf-8")]
    public async Task Case17_JsonWhereAStreamWasAskedFor_IsReadAsOneAnswer(string type)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Json(
            """{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"Whole"},"finish_reason":"stop"}],"usage":{"total_tokens":3}}""") with
        { ContentType = type });

        var response = await room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token);

        Assert.Equal(("Whole", 3L), (response.Text, response.Usage?.TotalTokenCount));
    }

    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\n\n")]
    [InlineData("data: {\"choices\":7}\n\n")]
    [InlineData("data: canary\n\n")]
    public async Task Case17_EventThatIsNoChunk_IsUnreadable(string events)
    {
        var exception = await FailureOf(StandInReply.Stream(events, Done));

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
        Assert.DoesNotContain("canary", exception.ToString());
    }

    [Fact]
    public async Task Case17_PageWhereAStreamWasAskedFor_IsUnreadable()
    {
        var exception = await FailureOf(StandInReply.Json("<html>") with { ContentType = "text/html" });

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
    }

    [Fact]
    public async Task Case18_Cancelling_ThrowsAndClosesTheConnection()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream(Hello) with { End = ReplyEnd.Hang });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in room.Client.GetStreamingResponseAsync("Hi", cancellationToken: cancel.Token))
                await cancel.CancelAsync();
        });

        Assert.Equal(ReplyOutcome.ClientLeft, await room.StandIn.Requests[0].Closed.WaitAsync(Token));
    }

    [Fact]
    public async Task Case18_DisposingEarly_ClosesTheConnection()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream(Hello) with { End = ReplyEnd.Hang });

        await foreach (var _ in room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token))
            break;

        Assert.Equal(ReplyOutcome.ClientLeft, await room.StandIn.Requests[0].Closed.WaitAsync(Token));
    }

    [Fact]
    public async Task Case18_CancellingBeforeTheAnswer_ThrowsTheCallersCancellation()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(new StandInReply { Text = "late", Delay = TimeSpan.FromMinutes(1) });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: cancel.Token);
        while (room.StandIn.Requests.Count == 0)
            await Task.Delay(5, Token);
        await cancel.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(cancel.Token, exception.CancellationToken);
    }

    [Fact]
    public async Task Case18_StreamThatStandsStill_TimesOut()
    {
        var time = new FakeTimeProvider();
        await using var room = await MistralRoom.OpenAsync(time: time);
        room.StandIn.Enqueue(StandInReply.Stream(Hello) with { End = ReplyEnd.Hang });
        await using var updates = room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).GetAsyncEnumerator(Token);
        Assert.True(await updates.MoveNextAsync());

        // The time that the caller takes between two updates does not count.
        time.Advance(TimeSpan.FromSeconds(70));
        var next = updates.MoveNextAsync();
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(MistralErrorKind.TimedOut, (await Assert.ThrowsAsync<MistralException>(() => next.AsTask())).Kind);
        Assert.Equal(ReplyOutcome.ClientLeft, await room.StandIn.Requests[0].Closed.WaitAsync(Token));
    }

    [Fact]
    public async Task Case18_StreamThatDripsForEver_EndsAtTheTotalTime()
    {
        var time = new FakeTimeProvider();
        await using var room = await MistralRoom.OpenAsync(time: time);
        room.StandIn.Enqueue(StandInReply.StreamOf(Enumerable.Repeat(Encoding.UTF8.GetBytes(Hello), int.MaxValue)));

        var exception = await Assert.ThrowsAsync<MistralException>(async () =>
        {
            await foreach (var _ in room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token))
                time.Advance(TimeSpan.FromSeconds(1));
        });

        Assert.Equal(MistralErrorKind.TimedOut, exception.Kind);
    }

    private static async Task<MistralException> FailureOf(StandInReply reply)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(reply);
        return await Assert.ThrowsAsync<MistralException>(
            () => room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token));
    }
}
