using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Mistral.Cases;

/// <summary>Mistral's own guardrails and its moderation, both failing closed.</summary>
public sealed class GuardrailCases
{
    private static readonly (string, string) Enabled = ("Mistral:Guardrails:Enabled", "true");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"error":{"message":"canary","status":403},"guardrails":{"results":[{"category":"canary"}]}}""", "Guardrail")]
    [InlineData("""{"object":"error","message":"canary","type":"guardrail","param":null,"code":3201}""", "Guardrail")]
    [InlineData("""{"object":"error","message":"canary","type":"forbidden","code":"1000"}""", "Permission")]
    [InlineData("""{"detail":"Forbidden"}""", "Permission")]
    public async Task Case21_BlockOfAGuardrail_DiffersFromAMissingPermission(string body, string kind)
    {
        await using var room = await MistralRoom.OpenAsync(Enabled);
        room.StandIn.Enqueue(StandInReply.Error(403, body));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Client.GetResponseAsync("Hi", cancellationToken: Token));

        Assert.Equal(Enum.Parse<MistralErrorKind>(kind), exception.Kind);
        Assert.DoesNotContain("canary", exception.ToString());
    }

    [Fact]
    public async Task Case24_Guardrails_GoOutToBlockEvenOnError()
    {
        await using var room = await MistralRoom.OpenAsync(Enabled, ("Mistral:Guardrails:Thresholds:jailbreaking", "0.2"));

        await room.Client.GetResponseAsync("Hi", cancellationToken: Token);

        Assert.Equal(
            """[{"block_on_error":true,"moderation_llm_v2":{"custom_category_thresholds":{"jailbreaking":0.2},"action":"block"}}]""",
            room.StandIn.Requests[0].Json.GetProperty("guardrails").GetRawText());
    }

    [Fact]
    public async Task Case25_Moderation_OfAHarmlessText_IsNotFlagged()
    {
        await using var room = await MistralRoom.OpenAsync();

        var scores = await room.Moderation.ModerateAsync([new(ChatRole.User, "Hi")], Token);

        Assert.Equal(11, scores.Count);
        Assert.All(scores.Values, score => Assert.InRange(score, 0, 0.2));
        Assert.Equal("mistral-moderation-2603", room.StandIn.Requests[0].Json.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData("""{"brand_new":false}""", """{"brand_new":0.1}""", "brand_new")]
    [InlineData("""{"brand_new":true,"pii":false}""", """{"brand_new":0.9,"pii":0.1}""", "brand_new,pii")]
    [InlineData("""{"pii":false,"law":false}""", """{"law":0.1}""", "law")]
    [InlineData("""{"pii":false}""", """{"pii":"low"}""", "")]
    [InlineData("""{"pii":false}""", """{"pii":7}""", "")]
    [InlineData("""{"pii":false}""", "null", "")]
    public async Task Case25_Scores_AreThoseOfEachCategoryThatHasOne(string categories, string scores, string scored)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor("/v1/chat/moderations", StandInReply.Json($$"""{"id":"1","model":"m","results":[{"categories":{{categories}},"category_scores":{{scores}}}]}"""));

        var judged = await room.Moderation.ModerateAsync([new(ChatRole.User, "Hi")], Token);

        Assert.Equal(scored, string.Join(',', judged.Keys.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"results":[]}""")]
    [InlineData("""{"results":[{"categories":{},"category_scores":{}}]}""")]
    [InlineData("""{"results":[null]}""")]
    [InlineData("not json")]
    public async Task Case25_JudgementThatIsNone_IsAFailure(string body)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor("/v1/chat/moderations", StandInReply.Json(body));

        var exception = await Assert.ThrowsAsync<MistralException>(() => room.Moderation.ModerateAsync([new(ChatRole.User, "Hi")], Token));

        Assert.Equal(MistralErrorKind.Unreadable, exception.Kind);
    }
}
