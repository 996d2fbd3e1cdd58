using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using MistralTemplates.Tests.Rooms.Guards;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditingChatClientTests
{
    private static readonly string s_canary = "canary-" + Guid.NewGuid().ToString("N");

    public static TheoryData<string, string, string?> Ends => new()
    {
        { "answer", "chat.complete", null },
        { "refused", "chat.refused", "sensitive.data" },
        { "no verdict", "guard.failed", "moderation.failed" },
        { "broken guard", "guard.failed", "guard.failed" },
        { "budget spent", "limit.exceeded", "limit.tokens" },
        { "401", "chat.failed", "mistral.authentication" },
        { "403", "chat.failed", "mistral.permission" },
        { "422", "chat.failed", "mistral.invalid_request" },
        { "429", "chat.failed", "mistral.rate_limited" },
        { "500", "chat.failed", "mistral.unavailable" },
        { "timeout", "chat.failed", "mistral.timed_out" },
        { "malformed", "chat.failed", "mistral.unreadable" },
        { "cancelled", "chat.cancelled", "cancelled" },
        { "bug", "chat.failed", "unexpected" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task GetResponseAsync_HoweverItEnds_LeavesOneRecordWithoutPromptOrKey(string end, string action, string? errorCode)
    {
        await using var room = new AuditRoom();
        using var cancelled = new CancellationTokenSource();

        var failure = await Record.ExceptionAsync(() => room.Road(new ScriptedClient(end, cancelled)).GetResponseAsync(s_canary, cancellationToken: cancelled.Token));

        Assert.Equal(end == "answer", failure is null);
        AssertOneRecord(room, action, errorCode);
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task GetStreamingResponseAsync_HoweverItEnds_LeavesOneRecordWithoutPromptOrKey(string end, string action, string? errorCode)
    {
        await using var room = new AuditRoom();
        using var cancelled = new CancellationTokenSource();

        var failure = await Record.ExceptionAsync(async () =>
        {
            await foreach (var _ in room.Road(new ScriptedClient(end, cancelled)).GetStreamingResponseAsync(s_canary, cancellationToken: cancelled.Token))
            {
            }
        });

        Assert.Equal(end == "answer", failure is null);
        AssertOneRecord(room, action, errorCode);
    }

    /// <summary>A client further in may throw when it is asked for the stream, before there is one to read: nobody has left.</summary>
    [Theory]
    [InlineData("refused", "chat.refused", "sensitive.data")]
    [InlineData("budget spent", "limit.exceeded", "limit.tokens")]
    [InlineData("bug", "chat.failed", "unexpected")]
    public async Task GetStreamingResponseAsync_RefusedBeforeThereIsAStream_LeavesTheRefusalOnRecord(string end, string action, string errorCode)
    {
        await using var room = new AuditRoom();

        var failure = await Record.ExceptionAsync(async () =>
        {
            await foreach (var _ in room.Road(new ThrowingClient(ScriptedClient.Failure(end, s_canary)!)).GetStreamingResponseAsync(
                s_canary, cancellationToken: TestContext.Current.CancellationToken))
            {
            }
        });

        Assert.NotNull(failure);
        AssertOneRecord(room, action, errorCode);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_CallerLeavesHalfWay_LeavesOneRecord()
    {
        await using var room = new AuditRoom();

        await foreach (var _ in room.Road(new ScriptedClient("answer", null)).GetStreamingResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken))
            break;

        AssertOneRecord(room, "chat.cancelled", "cancelled");
    }

    /// <summary>What was masked was sent all the same, whatever became of the answer.</summary>
    [Theory]
    [InlineData("answer", false)]
    [InlineData("timeout", false)]
    [InlineData("answer", true)]
    [InlineData("timeout", true)]
    [InlineData("leaves", true)]
    public async Task Ask_SensitiveDataMasked_IsOnRecordHoweverItEnds(string end, bool isStreamed)
    {
        await using var room = new AuditRoom();
        var guarded = new SensitiveDataChatClient(new ScriptedClient(end == "leaves" ? "answer" : end, null), Microsoft.Extensions.Options.Options.Create(new GuardOptions()));
        var (road, prompt) = (room.Road(guarded), $"Write to {SensitiveSamples.Email}.");

        await Record.ExceptionAsync(async () =>
        {
            if (!isStreamed)
                await road.GetResponseAsync(prompt, cancellationToken: TestContext.Current.CancellationToken);
            else
                await foreach (var _ in road.GetStreamingResponseAsync(prompt, cancellationToken: TestContext.Current.CancellationToken))
                    if (end == "leaves")
                        break;
        });

        using var record = JsonDocument.Parse(room.Lines[^1]);
        Assert.Equal(end == "answer", record.RootElement.GetProperty("success").GetBoolean());
        Assert.Equal(["email"], record.RootElement.GetProperty("kinds").EnumerateArray().Select(kind => kind.GetString()));
    }

    [Fact]
    public async Task GetResponseAsync_Answered_RecordsModelsAndTokens()
    {
        await using var room = new AuditRoom();

        await room.Road(new ScriptedClient("answer", null)).GetResponseAsync(s_canary, new ChatOptions { ModelId = "asked" }, TestContext.Current.CancellationToken);

        using var record = JsonDocument.Parse(room.Lines[^1]);
        Assert.Equal("asked", record.RootElement.GetProperty("modelAsked").GetString());
        Assert.Equal("answered", record.RootElement.GetProperty("modelAnswered").GetString());
        Assert.Equal(3, record.RootElement.GetProperty("tokensIn").GetInt64());
        Assert.Equal(4, record.RootElement.GetProperty("tokensOut").GetInt64());
        Assert.Equal(7, record.RootElement.GetProperty("tokensTotal").GetInt64());
        Assert.Equal(room.Keys.Current.Fingerprint, record.RootElement.GetProperty("keyFingerprint").GetString());
        Assert.True(record.RootElement.TryGetProperty("durationMs", out _));
    }

    /// <summary>What a caller writes into the field of the model could not be taken out of the log again.</summary>
    [Fact]
    public async Task GetResponseAsync_ModelIsNotAllowed_IsNotRecordedAsItWasWritten()
    {
        await using var room = new AuditRoom();

        await room.Road(new ScriptedClient("answer", null)).GetResponseAsync(s_canary, new ChatOptions { ModelId = "a piece of a prompt" }, TestContext.Current.CancellationToken);

        using var record = JsonDocument.Parse(room.Lines[^1]);
        Assert.Equal("(not allowed)", record.RootElement.GetProperty("modelAsked").GetString());
    }

    [Fact]
    public async Task GetResponseAsync_RefusedByMistral_RecordsWhatAnOperatorNeeds()
    {
        await using var room = new AuditRoom();
        var failure = new MistralException(MistralErrorKind.Permission, s_canary) { Status = HttpStatusCode.PaymentRequired, Code = "1902", CorrelationId = s_canary };

        await Assert.ThrowsAsync<MistralException>(() => room.Road(new ThrowingClient(failure)).GetResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("Mistral answered 402 with code 1902.", JsonDocument.Parse(room.Lines[^1]).RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task GetResponseAsync_MistralIsOutOfReach_SaysWhyForTheOperator()
    {
        await using var room = new AuditRoom();
        var failure = new MistralException(MistralErrorKind.Unavailable, s_canary) { NotReached = HttpRequestError.NameResolutionError };

        await Assert.ThrowsAsync<MistralException>(() => room.Road(new ThrowingClient(failure)).GetResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("Mistral gave no answer: NameResolutionError.", JsonDocument.Parse(room.Lines[^1]).RootElement.GetProperty("detail").GetString());
    }

    /// <summary>Mistral may refuse the key that was current at first, and take the next one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ask_AnsweredWithAnotherKey_RecordsThatOne(bool isStreamed)
    {
        await using var room = new AuditRoom();
        var road = room.Road(new RotatedClient());

        if (isStreamed)
            await road.GetStreamingResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken).LastAsync(TestContext.Current.CancellationToken);
        else
            await road.GetResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(RotatedClient.Fingerprint, JsonDocument.Parse(room.Lines[^1]).RootElement.GetProperty("keyFingerprint").GetString());
    }

    [Fact]
    public async Task GetResponseAsync_WithHashes_RecordsTheSameHashStreamedOrNot()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:HashContent"] = "true" });
        var road = room.Road(new ScriptedClient("answer", null));

        await road.GetResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken);
        await foreach (var _ in road.GetStreamingResponseAsync(s_canary, cancellationToken: TestContext.Current.CancellationToken))
        {
        }

        var (whole, streamed) = (JsonDocument.Parse(room.Lines[^2]).RootElement, JsonDocument.Parse(room.Lines[^1]).RootElement);
        Assert.Equal(whole.GetProperty("promptHash").GetString(), streamed.GetProperty("promptHash").GetString());
        Assert.Equal(whole.GetProperty("answerHash").GetString(), streamed.GetProperty("answerHash").GetString());
        Assert.DoesNotContain(s_canary, string.Concat(room.Lines), StringComparison.Ordinal);
    }

    /// <summary>Equal hashes are to mean equal prompts.</summary>
    [Fact]
    public async Task GetResponseAsync_PromptsThatReadAlike_HaveHashesOfTheirOwn()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:HashContent"] = "true" });
        var road = room.Road(new ScriptedClient("answer", null));
        ChatMessage[][] prompts = [[new(ChatRole.User, "a\nuser\nb")], [new(ChatRole.User, "a"), new(ChatRole.User, "b")], [new(ChatRole.User, "ab")]];

        foreach (var prompt in prompts)
            await road.GetResponseAsync(prompt, cancellationToken: TestContext.Current.CancellationToken);
        await road.GetResponseAsync(prompts[2], new ChatOptions { Instructions = "Short." }, TestContext.Current.CancellationToken);

        Assert.Equal(4, room.Lines[^4..].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("promptHash").GetString()).Distinct().Count());
    }

    private sealed class RotatedClient() : DelegatingChatClient(new ScriptedClient("answer", null))
    {
        public const string Fingerprint = "of the next key";

        public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            var response = await base.GetResponseAsync(messages, options, cancellationToken);
            response.AdditionalProperties = new() { [WireAnswers.KeyFingerprintKey] = Fingerprint };
            return response;
        }

        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var update in base.GetStreamingResponseAsync(messages, options, cancellationToken))
            {
                update.AdditionalProperties = new() { [WireAnswers.KeyFingerprintKey] = Fingerprint };
                yield return update;
            }
        }
    }

    private static void AssertOneRecord(AuditRoom room, string action, string? errorCode)
    {
        var lines = room.Lines;
        Assert.Equal(2, lines.Length);
        using var record = JsonDocument.Parse(lines[1]);
        Assert.Equal(action, record.RootElement.GetProperty("action").GetString());
        Assert.Equal(errorCode is null, record.RootElement.GetProperty("success").GetBoolean());
        Assert.Equal(errorCode, record.RootElement.TryGetProperty("errorCode", out var code) ? code.GetString() : null);
        var text = string.Concat(lines);
        Assert.All(Leaks.Shapes(s_canary).Concat(Leaks.Shapes(room.Keys.Current.Reveal())), shape => Assert.DoesNotContain(shape, text, StringComparison.OrdinalIgnoreCase));
    }

    private sealed class ThrowingClient(Exception failure) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw failure;

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw failure;

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }

    private sealed class ScriptedClient(string end, CancellationTokenSource? cancelled) : IChatClient
    {
        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            if (end != "refused" && end != "401")
                yield return new ChatResponseUpdate(ChatRole.Assistant, "a") { ModelId = "answered" };
            if (end == "cancelled")
                await cancelled!.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (Failure(end, messages.First().Text) is { } failure)
                throw failure;
            yield return new ChatResponseUpdate(ChatRole.Assistant, "b") { ModelId = "answered" };
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 3, OutputTokenCount = 4, TotalTokenCount = 7 })]);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }

        public static Exception? Failure(string end, string prompt) => end switch
        {
            "refused" => new ChatRefusedException(ChatRefusedException.SensitiveData, prompt) { Kinds = ["card"] },
            "no verdict" => new ChatRefusedException(ChatRefusedException.ModerationFailed, prompt),
            "broken guard" => new ChatRefusedException(ChatRefusedException.GuardFailed, prompt),
            "budget spent" => new ChatRefusedException(ChatRefusedException.TooManyTokens, prompt),
            "401" => new MistralException(MistralErrorKind.Authentication, prompt),
            "403" => new MistralException(MistralErrorKind.Permission, prompt),
            "422" => new MistralException(MistralErrorKind.InvalidRequest, prompt),
            "429" => new MistralException(MistralErrorKind.RateLimited, prompt),
            "500" => new MistralException(MistralErrorKind.Unavailable, prompt),
            "timeout" => new MistralException(MistralErrorKind.TimedOut, prompt),
            "malformed" => new MistralException(MistralErrorKind.Unreadable, prompt),
            "bug" => new InvalidOperationException(prompt),
            _ => null,
        };
    }
}
