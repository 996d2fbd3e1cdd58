using System.Net;
using System.Text;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>Every way in which Mistral says no becomes one typed exception that tells nothing of the body, the prompt or the key.</summary>
public sealed class ErrorCases
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int, string, string, string?> Errors => new()
    {
        { 401, """{"detail":"Unauthorized canary"}""", "Authentication", null },
        { 401, """{"message":"Unauthorized","request_id":"canary"}""", "Authentication", null },
        { 402, """{"detail":"canary"}""", "Permission", null },
        { 403, """{"object":"error","message":"canary"}""", "Permission", null },
        { 404, """{"detail":"Not Found"}""", "NotFound", null },
        { 408, "", "TimedOut", null },
        { 400, """{"object":"error","message":"canary","type":"invalid_request_message_order","param":null,"code":"3230"}""", "InvalidRequest", "3230" },
        { 400, """{"object":"error","message":"canary","type":"invalid_request","param":null,"code":"3280"}""", "InvalidRequest", "3280" },
        { 400, """{"object":"error","message":"canary","type":"invalid_model","param":null,"code":1500}""", "InvalidRequest", "1500" },
        { 400, """{"object":"error","message":"canary","code":"canary"}""", "InvalidRequest", null },
        { 422, """{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra","input":"canary"}]}""", "InvalidRequest", null },
        { 422, """{"object":"error","message":{"detail":[{"type":"missing","loc":["body"],"msg":"x","input":{"messages":"canary"}}]},"code":null}""", "InvalidRequest", null },
        { 429, """{"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300","raw_status_code":429}""", "RateLimited", "1300" },
        { 500, "<html><body>canary</body></html>", "Unavailable", null },
        { 502, "", "Unavailable", null },
        { 503, "[]", "Unavailable", null },
        { 504, "\"canary\"", "Unavailable", null },
        { 418, "null", "InvalidRequest", null },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Case19_ErrorOfEveryShape_IsTypedAndTellsNothing(int status, string body, string kind, string? code)
    {
        var exception = await FailureOf(StandInReply.Error(status, body));

        Assert.Equal(Enum.Parse<MistralErrorKind>(kind), exception.Kind);
        Assert.Equal((HttpStatusCode)status, exception.Status);
        Assert.Equal(code, exception.Code);
        Assert.Null(exception.InnerException);
        Assert.DoesNotContain("canary", exception.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("<html>canary</html>")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"choices":[null]}""")]
    [InlineData("""{"choices":[{"message":null}]}""")]
    [InlineData("""{"choices":[{"message":{"content":7}}]}""")]
    [InlineData("""{"choices":[{"message":{"content":"\ud800"}}]}""")]
    public async Task Case19_AnswerThatIsNone_IsUnreadable(string body)
    {
        var exception = await FailureOf(StandInReply.Json(body));

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
        Assert.DoesNotContain("canary", exception.ToString());
    }

    [Theory]
    [InlineData(200)]
    [InlineData(500)]
    public async Task Case19_OversizedBody_EndsAtTheLimit(int status)
    {
        var piece = Encoding.UTF8.GetBytes(new string(' ', 64 * 1024));
        await using var room = await MistralRoom.OpenAsync(("Mistral:MaxResponseBytes", "300000"), ("Mistral:Resilience:MaxRetries", "0"));
        // A server hears of a closed connection a moment later, and until then writes at once what nobody gets.
        room.StandIn.Enqueue(new StandInReply { Status = status, Pieces = Enumerable.Repeat(piece, 100_000), Pause = TimeSpan.FromMilliseconds(1) });

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(status == 200 ? MistralErrorKind.Unreadable : MistralErrorKind.Unavailable, exception.Kind);
        Assert.Equal(ReplyOutcome.ClientLeft, await room.StandIn.Requests[0].Closed.WaitAsync(Token));
    }

    [Fact]
    public async Task Case19_OversizedStream_EndsAtTheLimit()
    {
        await using var room = await MistralRoom.OpenAsync(("Mistral:MaxResponseBytes", "300000"));
        room.StandIn.Enqueue(StandInReply.StreamOf(Enumerable.Repeat(Encoding.UTF8.GetBytes(new string('x', 64 * 1024)), 100_000)));

        var exception = await Assert.ThrowsAsync<MistralException>(
            () => room.Client.GetStreamingResponseAsync("Hi", cancellationToken: Token).ToChatResponseAsync(Token));

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
    }

    [Fact]
    public async Task Case19_ServerThatClosesEarly_IsTyped()
    {
        var exception = await FailureOf(new StandInReply { Pieces = ["{"u8.ToArray()], End = ReplyEnd.Cut });

        Assert.Equal(MistralErrorKind.BrokenStream, exception.Kind);
    }

    [Fact]
    public async Task Case19_NobodyThere_IsUnavailable()
    {
        var gone = await MistralStandIn.StartAsync(Token);
        await gone.DisposeAsync();
        await using var room = await MistralRoom.OpenAsync(("Mistral:Endpoint", gone.Endpoint.ToString()));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(MistralErrorKind.Unavailable, exception.Kind);
    }

    [Fact]
    public async Task Case20_InputOfA422_IsLoggedAtNoLevel()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Error(422, """{"detail":[{"type":"x","loc":["body"],"msg":"x","input":"canary-input"}]}"""));

        await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("canary-prompt", cancellationToken: Token));

        Assert.Empty(room.Logs.GetSnapshot());
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Case23_Redirect_IsRefusedAndNotFollowed(int status)
    {
        await using var other = await MistralStandIn.StartAsync(Token);
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.Enqueue(StandInReply.Error(status, "", ("Location", $"{other.Endpoint}v1/chat/completions")));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("x-kong-request-id", "kong-1", "kong-1")]
    [InlineData("mistral-correlation-id", "corr-1", "corr-1")]
    [InlineData("x-other", "1", null)]
    public async Task Case26_CorrelationId_IsCapturedOrNull(string name, string value, string? expected)
    {
        await using var room = await MistralRoom.OpenAsync(handler: new StatusHandler(HttpStatusCode.BadRequest, (name, value)));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(expected, exception.CorrelationId);
    }

    [Fact]
    public async Task RejectedKey_WhenTheSourceHasAnother_IsReplacedWithoutAFailedRequest()
    {
        var keys = new FakeApiKeys("old", MistralStandIn.UsualKey);
        await using var room = await MistralRoom.OpenAsync(keys);

        var response = await room.Client.GetResponseAsync("Hi", cancellationToken: Token);

        Assert.Equal("You said: Hi", response.Text);
        Assert.Equal(new ApiKey(MistralStandIn.UsualKey, "2").Fingerprint, response.AdditionalProperties?[WireAnswers.KeyFingerprintKey]);
        Assert.Equal(1, keys.Refreshes);
        Assert.Equal(2, room.StandIn.Requests.Count);
    }

    [Fact]
    public async Task RejectedKey_WhenTheSourceHasNoOther_IsNotTriedAgain()
    {
        await using var room = await MistralRoom.OpenAsync(new FakeApiKeys("old"));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(MistralErrorKind.Authentication, exception.Kind);
        Assert.Single(room.StandIn.Requests);
        Assert.Equal(KeyVerdict.Rejected, await room.Models.VerifyAsync(new ApiKey("old", "1"), Token));
        Assert.Equal(KeyVerdict.Accepted, await room.Models.VerifyAsync(new ApiKey(MistralStandIn.UsualKey, "1"), Token));
    }

    private static async Task<MistralException> FailureOf(StandInReply reply)
    {
        await using var room = await MistralRoom.OpenAsync(("Mistral:Resilience:MaxRetries", "0"));
        room.StandIn.Enqueue(reply);
        return await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("canary prompt", cancellationToken: Token));
    }
}
