using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace Acme.App.Auditing;

/// <summary>Gathers what becomes the record of one call.</summary>
internal sealed class AuditedCall(TimeProvider time, AuditKey? hashContentWith) : IDisposable
{
    private readonly long _began = time.GetTimestamp();
    private readonly IncrementalHash? _answer = hashContentWith?.CreateContentHash();
    private string? _promptHash;
    private string? _modelAnswered;
    private UsageDetails? _usage;

    public required string ModelAsked { get; init; }

    public required string? KeyFingerprint { get; init; }

    public void ObservePrompt(IEnumerable<ChatMessage> messages)
    {
        using var hash = hashContentWith?.CreateContentHash();
        if (hash is null)
            return;

        foreach (var message in messages)
            hash.AppendData(MemoryMarshal.AsBytes($"{message.Role}\n{message.Text}\n".AsSpan()));
        _promptHash = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, AuditLine.MacBytes));
    }

    public void Observe(ChatResponseUpdate update)
    {
        _modelAnswered = update.ModelId ?? _modelAnswered;
        foreach (var content in update.Contents)
        {
            if (content is UsageContent { Details: var usage })
                _usage = usage;
            else if (content is TextContent { Text: var text })
                _answer?.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
        }
    }

    public AuditRecord Completed() => Record(AuditActions.ChatComplete) with { Success = true, ErrorCode = null };

    /// <summary>The caller left before the answer's end.</summary>
    public AuditRecord Left() => Record(AuditActions.ChatCancelled);

    public AuditRecord Failed(Exception exception, bool cancelled) => exception switch
    {
        OperationCanceledException when cancelled => Left(),
        TimeoutException or OperationCanceledException => Record(AuditActions.ChatFailed) with { ErrorCode = AuditErrors.TimedOut },
        _ => Record(AuditActions.ChatFailed) with { ErrorCode = AuditErrors.Unexpected },
    };

    public void Dispose() => _answer?.Dispose();

    private AuditRecord Record(string action) => new(action)
    {
        Success = false,
        ErrorCode = AuditErrors.Cancelled,
        ModelAsked = ModelAsked,
        ModelAnswered = _modelAnswered,
        TokensIn = _usage?.InputTokenCount,
        TokensOut = _usage?.OutputTokenCount,
        TokensTotal = _usage?.TotalTokenCount,
        Duration = time.GetElapsedTime(_began),
        KeyFingerprint = KeyFingerprint,
        PromptHash = _promptHash,
        AnswerHash = _answer is null ? null : Convert.ToHexStringLower(_answer.GetCurrentHash().AsSpan(0, AuditLine.MacBytes)),
    };
}
