using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using MistralTemplates.Tests.Rooms.Mistral;

namespace MistralTemplates.Tests.Rooms.Guards;

public sealed class ModerationTests
{
    private const string Path = "/v1/chat/moderations";

    [Fact]
    public async Task GetResponse_ScoreAtTheThreshold_IsRefusedBeforeMistralIsAsked()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor(Path, Verdict("""{"jailbreaking":0.5}"""));
        using var road = Road(room);

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => AskAsync(road));

        Assert.Equal((ChatRefusedException.Moderated, "jailbreaking"), (refused.Code, Assert.Single(refused.Kinds)));
        Assert.DoesNotContain(room.StandIn.Requests, request => request.Path != Path);
    }

    [Theory]
    [InlineData("""{"law":0.1}""", 200)]
    [InlineData("{}", 400)]
    public async Task GetResponse_NoJudgementAndClosed_IsRefused(string scores, int status)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor(Path, Verdict(scores, status));
        using var road = Road(room);

        Assert.Equal(ChatRefusedException.ModerationFailed, (await Assert.ThrowsAsync<ChatRefusedException>(() => AskAsync(road))).Code);
    }

    [Fact]
    public async Task GetResponse_NoJudgementAndOpen_GoesOnAndTellsTheAudit()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor(Path, Verdict("{}", 400));
        using var road = Road(room, options => options.FailureMode = FailureMode.Open);

        HashSet<string> told = [];
        GuardKinds.GatherInto(told);
        await AskAsync(road);

        Assert.Equal([ChatRefusedException.ModerationFailed], told);
    }

    /// <summary>Else the declared mode would be of no use after a few failures.</summary>
    [Fact]
    public async Task GetResponse_ModerationIsAwayForLongAndOpen_GoesOn()
    {
        await using var room = await MistralRoom.OpenAsync(("Mistral:Resilience:MaxRetries", "0"));
        using var road = Road(room, options => options.FailureMode = FailureMode.Open);

        for (var asked = 0; asked < 30; asked++)
        {
            room.StandIn.EnqueueFor(Path, Verdict("{}", 503));
            HashSet<string> told = [];
            GuardKinds.GatherInto(told);
            await AskAsync(road);
            Assert.Equal([ChatRefusedException.ModerationFailed], told);
        }
    }

    [Theory]
    [InlineData("""{"jailbreaking":0.9}""", true)]
    [InlineData("""{"jailbreaking":0.1}""", false)]
    public async Task GetResponse_AnswerIsModerated_IsRefusedWhereItIsFlagged(string scores, bool isRefused)
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor(Path, Verdict(scores));
        using var road = Road(room, options =>
        {
            (options.Input, options.Output) = (false, true);
            options.Thresholds.Clear();
            options.Thresholds["jailbreaking"] = 0.5;
        });

        var failure = await Record.ExceptionAsync(() => AskAsync(road));

        string[] expected = isRefused ? ["jailbreaking"] : [];
        Assert.Equal(expected, (failure as ChatRefusedException)?.Kinds ?? []);
        Assert.Equal(isRefused, failure is not null);
    }

    [Fact]
    public async Task GetStreamingResponse_FlaggedAnswer_ShowsNothingOfIt()
    {
        await using var room = await MistralRoom.OpenAsync();
        room.StandIn.EnqueueFor(Path, Verdict("""{"jailbreaking":0.9}"""));
        using var road = Road(room, options => (options.Input, options.Output) = (false, true));
        var updates = 0;

        await Assert.ThrowsAsync<ChatRefusedException>(async () =>
        {
            await foreach (var _ in road.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], cancellationToken: TestContext.Current.CancellationToken))
                updates++;
        });

        Assert.Equal(0, updates);
    }

    private static Task<ChatResponse> AskAsync(IChatClient road) =>
        road.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], cancellationToken: TestContext.Current.CancellationToken);

    private static ModerationChatClient Road(MistralRoom room, Action<ModerationOptions>? change = null)
    {
        var options = new GuardOptions();
        options.Moderation.Input = true;
        change?.Invoke(options.Moderation);
        return new ModerationChatClient(room.Client, room.Moderation, Options.Create(options));
    }

    private static StandInReply Verdict(string scores, int status = 200) => StandInReply.Json(
        "{\"id\":\"mod-1\",\"model\":\"mistral-moderation-2603\",\"results\":[{\"categories\":{\"law\":false},\"category_scores\":" + scores + "}]}", status);
}
