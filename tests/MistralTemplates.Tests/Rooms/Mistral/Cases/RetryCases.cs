using System.Globalization;
using System.Net;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>Case 22: what is asked again, when, and what never is. The clock is a fake one that the test turns on by seconds.</summary>
public sealed class RetryCases
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Mon, 23 Nov 2026 12:00:09 GMT", 9)]
    [InlineData("Mon, 23 Nov 2026 11:00:00 GMT", 0)]
    [InlineData("100000", 30)]
    [InlineData("99999999999999999999", 0)]
    [InlineData(null, 0)]
    public async Task Case22_RetryAfter_IsHonouredAndCapped(string? retryAfter, int seconds)
    {
        var replies = retryAfter is null ? Limited() : Limited(("Retry-After", retryAfter));
        var (waited, requests) = await AnswerAfter(replies);

        Assert.Equal(2, requests);
        Assert.InRange(waited.TotalSeconds, seconds, seconds + 3);
    }

    [Theory]
    [InlineData(429, 4)]
    [InlineData(500, 4)]
    [InlineData(502, 4)]
    [InlineData(503, 4)]
    [InlineData(504, 4)]
    [InlineData(400, 1)]
    [InlineData(401, 1)]
    [InlineData(403, 1)]
    [InlineData(404, 1)]
    [InlineData(422, 1)]
    public async Task Case22_Status_IsRetriedOrNot(int status, int requests)
    {
        var handler = new StatusHandler((HttpStatusCode)status);
        await using var room = await MistralRoom.OpenAsync(handler: handler);

        await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(requests, handler.Requests);
    }

    [Theory]
    [InlineData("x-ratelimit-limit-req-minute")]
    [InlineData("x-ratelimit-limit-tokens-minute")]
    public async Task Case22_LimitOfZero_IsNotRetried(string header)
    {
        var handler = new StatusHandler(HttpStatusCode.TooManyRequests, (header, "0"), ("Retry-After", "5"));
        await using var room = await MistralRoom.OpenAsync(handler: handler);

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(1, handler.Requests);
        Assert.Equal(TimeSpan.FromSeconds(5), exception.RetryAfter);
    }

    [Fact]
    public async Task Case22_BrokenStream_IsNotRetried()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Stream("""data: {"id":"1","choices":[{"delta":{"content":"Hi"}}]}""" + "\n\n") with { End = ReplyEnd.Cut });

        await Assert.ThrowsAsync<MistralException>(() => room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token));

        Assert.Single(room.StandIn.Requests);
    }

    [Fact]
    public async Task Case22_Waits_AreSpreadAtRandom()
    {
        var waits = new List<TimeSpan>();
        for (var round = 0; round < 6; round++)
            waits.Add((await AnswerAfter(Limited(("Retry-After", "1")), baseDelay: "00:00:20")).Waited);

        Assert.All(waits, wait => Assert.InRange(wait.TotalSeconds, 1, 23));
        Assert.True(waits.Distinct().Count() > 1);
    }

    [Fact]
    public async Task Case22_TotalTime_EndsTheRetries()
    {
        var time = new FakeTimeProvider(Start);
        var handler = new StatusHandler(HttpStatusCode.ServiceUnavailable, ("Retry-After", "30"));
        await using var room = await MistralRoom.OpenAsync(
            time: time, handler: handler, settings: [("Mistral:Resilience:TotalTimeout", "00:00:40"), ("Mistral:Resilience:AttemptTimeout", "00:00:10")]);

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        await TurnUntilDone(call, time);

        Assert.Equal(MistralErrorKind.TimedOut, (await Assert.ThrowsAsync<MistralException>(() => call)).Kind);
        Assert.Equal(2, handler.Requests);
    }

    [Fact]
    public async Task Case22_SlowAttempt_TimesOutAndIsNotRetried()
    {
        var time = new FakeTimeProvider(Start);
        await using var room = await MistralRoom.OpenAsync(time: time);
        room.StandIn.Enqueue(new StandInReply { Text = "late", Delay = TimeSpan.FromHours(1) });

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        await TurnUntilDone(call, time);

        Assert.Equal(MistralErrorKind.TimedOut, (await Assert.ThrowsAsync<MistralException>(() => call)).Kind);
        Assert.InRange((time.GetUtcNow() - Start).TotalSeconds, 120, 125);
        Assert.Single(room.StandIn.Requests);
    }

    [Fact]
    public async Task Case22_ServerThatKeepsFailing_IsLeftAlone()
    {
        var handler = new StatusHandler(HttpStatusCode.InternalServerError);
        await using var room = await MistralRoom.OpenAsync(handler: handler, settings: [("Mistral:Resilience:MaxRetries", "0")]);

        for (var call = 0; call < 20; call++)
            Assert.Equal(MistralErrorKind.Unavailable, (await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token))).Kind);

        Assert.Equal(10, handler.Requests);
    }

    private static StandInReply Limited(params (string Name, string Value)[] headers) =>
        StandInReply.Error(429, """{"object":"error","message":"Rate limit exceeded","type":"rate_limited","code":"1300"}""", headers);

    private static async Task<(TimeSpan Waited, int Requests)> AnswerAfter(StandInReply reply, string baseDelay = "00:00:01")
    {
        var time = new FakeTimeProvider(Start);
        await using var room = await MistralRoom.OpenAsync(
            time: time,
            settings: [("Mistral:Resilience:BaseDelay", baseDelay), ("Mistral:Resilience:AttemptTimeout", "01:00:00"), ("Mistral:Resilience:TotalTimeout", "01:00:00")]);
        room.StandIn.Enqueue(reply);
        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        while (room.StandIn.Requests.Count == 0)
            await Task.Delay(1, Token);
        await room.StandIn.Requests[0].Closed.WaitAsync(Token);
        await TurnUntilDone(call, time);
        Assert.Equal("You said: Hi", (await call).Text);
        return (time.GetUtcNow() - Start, room.StandIn.Requests.Count);
    }

    /// <summary>Turns the clock on by a second at a time, with room between for the network to answer.</summary>
    private static async Task TurnUntilDone(Task call, FakeTimeProvider time)
    {
        while (await Task.WhenAny(call, Task.Delay(20, Token)) != call)
            time.Advance(TimeSpan.FromSeconds(1));
    }
}
