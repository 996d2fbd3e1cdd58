using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace Acme.App.Auditing;

/// <summary>Gathers what becomes the record of one call.</summary>
internal sealed class AuditedCall(
    TimeProvider time, ICallerAccessor callers, IHostApplicationLifetime program, string? modelAsked, string? keyFingerprint, AuditKey? hashContentWith)
    : IDisposable
{
    private const string TimedOut = "timed_out";

    private readonly long _began = time.GetTimestamp();
    private readonly IncrementalHash? _answer = hashContentWith?.CreateContentHash();
    private readonly HashSet<string> _kinds = [];
    private string? _keyFingerprint = keyFingerprint;
    private string? _promptHash;
    private string? _modelAnswered;
    private UsageDetails? _usage;

    /// <summary>Has the guards in what is called from here on tell this record what they found.</summary>
    public void Enter() => GuardKinds.GatherInto(_kinds);

    /// <summary>Each part with its length before it, so that no two prompts read alike.</summary>
    public void ObservePrompt(IEnumerable<ChatMessage> messages, string? instructions)
    {
        using var hash = hashContentWith?.CreateContentHash();
        var parts = messages.Select(message => (Role: message.Role.Value, message.Text)).Prepend((Role: "instructions", Text: instructions ?? ""));
        foreach (var (role, text) in hash is null ? [] : parts)
            hash!.AppendData(MemoryMarshal.AsBytes(string.Create(CultureInfo.InvariantCulture, $"{role.Length}:{role}{text.Length}:{text}").AsSpan()));
        _promptHash = Half(hash);
    }

    public void Observe(ChatResponse response)
    {
        (_modelAnswered, _usage) = (response.ModelId, response.Usage);
        ObserveKey(response.AdditionalProperties);
        _answer?.AppendData(MemoryMarshal.AsBytes(response.Text.AsSpan()));
    }

    public void Observe(ChatResponseUpdate update)
    {
        _modelAnswered = update.ModelId ?? _modelAnswered;
        ObserveKey(update.AdditionalProperties);
        _usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? _usage;
        _answer?.AppendData(MemoryMarshal.AsBytes(update.Text.AsSpan()));
    }

    public AuditRecord Completed() => Record(AuditActions.ChatComplete, errorCode: null);

    /// <summary>The caller left before the answer's end, or was sent away: its time was up, or the program ends.</summary>
    public AuditRecord Left() => callers.Current.IsOutOfTime
        ? Record(AuditActions.ChatFailed, TimedOut)
        : Record(AuditActions.ChatCancelled, program.ApplicationStopping.IsCancellationRequested ? "stopped" : "cancelled");

    public AuditRecord Failed(Exception exception, bool cancelled) => (exception, ChatFailure.From(exception)) switch
    {
        (OperationCanceledException, _) when cancelled => Left(),
        (ChatRefusedException { Code: ChatRefusedException.ModerationFailed or ChatRefusedException.GuardFailed }, { } failed) =>
            Record(AuditActions.GuardFailed, failed.Code, failed.Kinds),
        (ChatRefusedException { Code: ChatRefusedException.TooManyTokens }, { } limit) => Record(AuditActions.LimitExceeded, limit.Code),
        (ChatRefusedException, { } refusal) => Record(AuditActions.ChatRefused, refusal.Code, refusal.Kinds),
        (MistralException mistral, { } failure) => Record(AuditActions.ChatFailed, failure.Code) with { Detail = DetailOf(mistral) },
        (_, { } failure) => Record(AuditActions.ChatFailed, failure.Code),
        (TimeoutException or OperationCanceledException, _) => Record(AuditActions.ChatFailed, TimedOut),
        _ => Record(AuditActions.ChatFailed, "unexpected"),
    };

    public void Dispose() => _answer?.Dispose();

    /// <summary>What an operator needs and no caller is told, as a 402 instead of a 403: numbers and names alone, none of Mistral's words.</summary>
    private static string? DetailOf(MistralException failure) => failure switch
    {
        { Status: { } status } => string.Create(
            CultureInfo.InvariantCulture, $"Mistral answered {(int)status}{(failure.Code is { } code ? $" with code {code}" : "")}."),
        { NotReached: { } reason } => $"Mistral gave no answer: {reason}.",
        _ => null,
    };

    /// <summary>A key that Mistral refuses may have been replaced, and the request sent again with the new one.</summary>
    private void ObserveKey(AdditionalPropertiesDictionary? properties)
    {
        if (properties?.TryGetValue(WireAnswers.KeyFingerprintKey, out string? used) is true)
            _keyFingerprint = used;
    }

    private AuditRecord Record(string action, string? errorCode, IReadOnlyCollection<string>? refused = null) => new(action)
    {
        Success = errorCode is null,
        ErrorCode = errorCode,
        ModelAsked = modelAsked,
        ModelAnswered = _modelAnswered,
        TokensIn = _usage?.InputTokenCount,
        TokensOut = _usage?.OutputTokenCount,
        TokensTotal = _usage?.TotalTokenCount,
        Kinds = _kinds.Union(refused ?? []).ToArray() is { Length: > 0 } kinds ? kinds : null,
        DurationMs = (long)time.GetElapsedTime(_began).TotalMilliseconds,
        KeyFingerprint = _keyFingerprint,
        PromptHash = _promptHash,
        AnswerHash = Half(_answer),
    };

    private static string? Half(IncrementalHash? hash) => hash is null ? null : Convert.ToHexStringLower(hash.GetCurrentHash().AsSpan(0, AuditLine.MacBytes));
}
