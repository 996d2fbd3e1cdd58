using System.Net;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>Case 22: what is asked again, when, and what never is. The clock is a fake one.</summary>
public sealed class RetryCases
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>How long a test waits for what must come, before it fails instead of hanging.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Mon, 23 Nov 2026 12:00:09 GMT", 9)]
    [InlineData("Mon, 23 Nov 2026 11:00:00 GMT", 0)]
    [InlineData("100000", 30)]
    public async Task Case22_RetryAfter_IsHonouredAndCapped(string retryAfter, int seconds)
    {
        var time = new FakeTimeProvider(Start);
        var handler = new StatusHandler(HttpStatusCode.TooManyRequests, ("Retry-After", retryAfter)) { Refusals = 1 };
        await using var room = await MistralRoom.OpenAsync(time: time, handler: handler, settings: [("Mistral:Resilience:BaseDelay", "00:00:01")]);

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        if (seconds > 0)
            time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, handler.Requests);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("Hello", (await call.WaitAsync(Patience, Token)).Text);
        Assert.Equal(2, handler.Requests);
    }

    [Theory]
    [InlineData("99999999999999999999")]
    [InlineData("soon")]
    [InlineData(null)]
    public async Task Case22_RetryAfterAbsentOrUnreadable_BacksOff(string? retryAfter)
    {
        var time = new FakeTimeProvider(Start);
        var handler = new StatusHandler(HttpStatusCode.TooManyRequests, retryAfter is null ? [] : [("Retry-After", retryAfter)]) { Refusals = 1 };
        await using var room = await MistralRoom.OpenAsync(time: time, handler: handler, settings: [("Mistral:Resilience:BaseDelay", "00:00:01")]);

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        Assert.Equal(1, handler.Requests);
        time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal("Hello", (await call.WaitAsync(Patience, Token)).Text);
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
    public void Case22_Waits_AreSpreadAtRandom()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new(TimeSpan.FromSeconds(1)) } };

        var waits = Enumerable.Range(0, 20)
            .Select(_ => MistralResilience.RetryAfter(response, new MistralResilienceOptions(), new FakeTimeProvider(Start))!.Value.TotalSeconds).ToList();

        Assert.All(waits, wait => Assert.InRange(wait, 1, 1.5));
        Assert.True(waits.Distinct().Count() > 10);
    }

    [Theory]
    [InlineData("999999999")]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT")]
    public async Task Case22_WaitWithoutEnd_IsToldAsADay(string retryAfter)
    {
        var handler = new StatusHandler(HttpStatusCode.TooManyRequests, ("Retry-After", retryAfter));
        await using var room = await MistralRoom.OpenAsync(
            handler: handler,
            settings: [("Mistral:Resilience:BaseDelay", "00:00:00.001"), ("Mistral:Resilience:MaxDelay", "00:00:00.010")]);

        var failure = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(4, handler.Requests);
        Assert.Equal(TimeSpan.FromDays(1), failure.RetryAfter);
    }

    [Fact]
    public async Task Case22_TotalTime_EndsTheRetries()
    {
        var time = new FakeTimeProvider(Start);
        var handler = new StatusHandler(HttpStatusCode.ServiceUnavailable, ("Retry-After", "30"));
        await using var room = await MistralRoom.OpenAsync(time: time, handler: handler, settings: [("Mistral:Resilience:TotalTimeout", "00:00:40")]);

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        time.Advance(TimeSpan.FromSeconds(31));
        while (handler.Requests < 2)
            await Task.Delay(5, Token);
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(MistralErrorKind.TimedOut, (await Assert.ThrowsAsync<MistralException>(() => call.WaitAsync(Patience, Token))).Kind);
        Assert.Equal(2, handler.Requests);
    }

    [Fact]
    public async Task Case22_SlowAttempt_TimesOutAndIsNotRetried()
    {
        var time = new FakeTimeProvider(Start);
        var handler = new StatusHandler(HttpStatusCode.OK) { Hangs = true };
        await using var room = await MistralRoom.OpenAsync(time: time, handler: handler);

        var call = room.Client.GetResponseAsync("Hi", cancellationToken: Token);
        time.Advance(TimeSpan.FromSeconds(119));
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(MistralErrorKind.TimedOut, (await Assert.ThrowsAsync<MistralException>(() => call.WaitAsync(Patience, Token))).Kind);
        Assert.Equal(1, handler.Requests);
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

    /// <summary>Whether Mistral is well again, a trial whose caller went away has not shown.</summary>
    [Fact]
    public async Task Case22_TrialThatItsCallerBreaksOff_LeavesTheServerAlone()
    {
        var time = new FakeTimeProvider(Start);
        var handler = new SwitchedHandler();
        await using var room = await MistralRoom.OpenAsync(time: time, handler: handler, settings: [("Mistral:Resilience:MaxRetries", "0")]);
        for (var call = 0; call < 10; call++)
            await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));
        time.Advance(TimeSpan.FromMinutes(1));
        handler.Hangs = true;
        using var leaving = new CancellationTokenSource();

        var trial = room.Client.GetResponseAsync("Hi", cancellationToken: leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trial);
        handler.Hangs = false;
        await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(11, handler.Requests);
    }

    private sealed class SwitchedHandler : HttpMessageHandler
    {
        public bool Hangs { get; set; }

        public int Requests { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            if (Hangs)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.InternalServerError) { Content = new ByteArrayContent([]) };
        }
    }
}
