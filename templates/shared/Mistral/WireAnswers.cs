using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Reads what Mistral answered; an unknown finish reason or kind of chunk is passed on, not refused.</summary>
internal static class WireAnswers
{
    public const string CorrelationIdKey = "mistral.correlation_id";
    public const string KeyFingerprintKey = "mistral.key_fingerprint";

    private const double EndOfTime = 253_402_300_800;

    // What no answer costs: a sum of such counts would begin anew below zero.
    private const long EndOfCounting = 1L << 40;

    public static ChatResponse ToResponse(WireAnswer wire, MistralAnswer answer)
    {
        if (wire is not { Error: null, Choices: [{ Message: { } message } choice, ..] })
            throw answer.Unreadable();
        ToolCallBuilder? calls = null;
        var contents = ContentsOf(message, ref calls, ended: true, wire);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents) { MessageId = wire.Id, RawRepresentation = message })
        {
            ResponseId = wire.Id,
            ModelId = wire.Model,
            CreatedAt = CreatedAt(wire),
            FinishReason = FinishReason(choice, answer),
            Usage = wire.Usage is null ? null : UsageOf(wire.Usage),
            RawRepresentation = wire,
            AdditionalProperties = Properties(answer),
        };
    }

    public static ChatResponseUpdate ToUpdate(WireAnswer wire, ref ToolCallBuilder? calls, MistralAnswer answer)
    {
        var choice = wire.Choices is [var first, ..] ? first : null;
        var finish = FinishReason(choice, answer);
        var contents = ContentsOf(choice?.Delta, ref calls, ended: finish is not null, wire);
        if (wire.Usage is not null)
            contents.Add(new UsageContent(UsageOf(wire.Usage)));
        return new ChatResponseUpdate(ChatRole.Assistant, contents)
        {
            ResponseId = wire.Id,
            MessageId = wire.Id,
            ModelId = wire.Model,
            CreatedAt = CreatedAt(wire),
            FinishReason = finish,
            RawRepresentation = wire,
        };
    }

    public static AdditionalPropertiesDictionary Properties(MistralAnswer answer)
    {
        AdditionalPropertiesDictionary properties = new() { [KeyFingerprintKey] = answer.KeyFingerprint };
        if (answer.CorrelationId is { } id)
            properties[CorrelationIdKey] = id;
        return properties;
    }

    /// <summary>What a message or a part of one says; the tool calls come together when it has ended.</summary>
    private static List<AIContent> ContentsOf(WireMessage? message, ref ToolCallBuilder? calls, bool ended, WireAnswer wire)
    {
        var contents = new List<AIContent>(1);
        if (message?.Content?.Text is { Length: > 0 } text)
            contents.Add(new TextContent(text));
        foreach (var chunk in message?.Content?.Chunks ?? [])
        {
            contents.Add(chunk?.Type switch
            {
                "text" => new TextContent(chunk.Text),
                "thinking" => new TextReasoningContent(ThoughtOf(chunk.Thinking)) { ProtectedData = chunk.Signature, RawRepresentation = chunk },
                "reference" => new ReferenceContent(chunk.ReferenceIds ?? []),
                _ => new AIContent { RawRepresentation = chunk },
            });
        }

        if (message?.ToolCalls is { } fragments)
        {
            // All at once, each is a whole one.
            var areWhole = ended && calls is null;
            (calls ??= new()).Add(fragments, areWhole);
        }

        if (ended && calls is not null)
            contents.AddRange(calls.Build(wire.Id));
        calls = ended ? null : calls;
        return contents;
    }

    private static string ThoughtOf(WireContent? thinking) => thinking?.Text ?? string.Concat(thinking?.Chunks?.Select(chunk => chunk?.Text) ?? []);

    private static ChatFinishReason? FinishReason(WireChoice? choice, MistralAnswer answer) => choice?.FinishReason switch
    {
        null or "" => null,
        "stop" => ChatFinishReason.Stop,
        "length" or "model_length" => ChatFinishReason.Length,
        "tool_calls" => ChatFinishReason.ToolCalls,
        "error" => throw answer.Failure(MistralErrorKind.Unavailable, "Mistral failed while it answered."),
        var other => new ChatFinishReason(other),
    };

    private static DateTimeOffset? CreatedAt(WireAnswer wire) =>
        wire.Created is >= 0 and < EndOfTime ? DateTimeOffset.UnixEpoch.AddSeconds(wire.Created.Value) : null;

    private static UsageDetails UsageOf(WireUsage usage) => new()
    {
        InputTokenCount = Count(usage.PromptTokens),
        OutputTokenCount = Count(usage.CompletionTokens),
        TotalTokenCount = Count(usage.TotalTokens),
        CachedInputTokenCount = Count(usage.NumCachedTokens),
    };

    private static long? Count(long? tokens) => tokens is >= 0 and < EndOfCounting ? tokens : null;
}
