using System.Net;
using Acme.App.Jobs;
using Acme.App.Mistral;

namespace MistralTemplates.Tests.Rooms.Jobs;

public sealed class JobVerdictTests
{
    /// <summary>What was not Mistral's own answer must not carry a whole queue into the failed jobs.</summary>
    [Theory]
    [InlineData(HttpStatusCode.Redirect, "Unreadable", "Pause")]
    [InlineData(HttpStatusCode.PermanentRedirect, "Unreadable", "Pause")]
    [InlineData(null, "Unreadable", "Retry")]
    [InlineData(HttpStatusCode.NotFound, "NotFound", "Retry")]
    [InlineData(HttpStatusCode.PaymentRequired, "Permission", "Pause")]
    [InlineData(HttpStatusCode.Forbidden, "Permission", "Fail")]
    [InlineData(HttpStatusCode.BadRequest, "InvalidRequest", "Fail")]
    [InlineData(HttpStatusCode.InternalServerError, "Unavailable", "Retry")]
    public void Of_AnswerOfMistralOrOfAnother_IsJudgedByWhomItConcerns(HttpStatusCode? status, string kind, string course) =>
        Assert.Equal(course, JobVerdict.Of(Job(), Failure(status, kind)).Course.ToString());

    [Fact]
    public void Of_AnAccountWithoutCredit_IsToldAsSuch() =>
        Assert.Contains("Look at its billing.", JobVerdict.Of(Job(), Failure(HttpStatusCode.PaymentRequired, "Permission")).Failure.Reason, StringComparison.Ordinal);

    private static MistralException Failure(HttpStatusCode? status, string kind) => new(Enum.Parse<MistralErrorKind>(kind), "") { Status = status };

    private static ClaimedJob Job() => new() { Id = "a", Handle = "a", Attempt = 1, Body = "{}"u8.ToArray(), IsDuplicate = false };
}
