using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Reads what Mistral answered; an unknown finish reason or kind of chunk is passed on, not refused.</summary>
internal static class WireAnswers
{
    public const string CorrelationIdKey = "mistral.correlation_id";

    private const double EndOfTime = 253_402_300_800;

    public static ChatResponse ToResponse(WireAnswer wire, MistralAnswer answer)
    {
        if (wire.Choices is not [{ Message: { } message } choice, ..])
            throw answer.Unreadable();
        var contents = new List<AIContent>();
        AddContents(message.Content, contents);
        if (message.ToolCalls is { } toolCalls)
        {
            var calls = new ToolCallBuilder();
            calls.Add(toolCalls);
            contents.AddRange(calls.Build(wire.Id));
        }

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

    /// <summary>One chunk's worth; a finished answer's tool calls come with its finish reason.</summary>
    public static ChatResponseUpdate ToUpdate(WireAnswer wire, ref ToolCallBuilder? calls, MistralAnswer answer)
    {
        var choice = wire.Choices is [var first, ..] ? first : null;
        var contents = new List<AIContent>(1);
        AddContents(choice?.Delta?.Content, contents);
        if (choice?.Delta?.ToolCalls is { } toolCalls)
            (calls ??= new()).Add(toolCalls);
        var finish = FinishReason(choice, answer);
        if (finish is not null && calls is not null)
        {
            contents.AddRange(calls.Build(wire.Id));
            calls = null;
        }

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

    public static AdditionalPropertiesDictionary? Properties(MistralAnswer answer) =>
        answer.CorrelationId is null ? null : new() { [CorrelationIdKey] = answer.CorrelationId };

    private static void AddContents(WireContent? content, List<AIContent> contents)
    {
        if (content?.Text is { Length: > 0 } text)
            contents.Add(new TextContent(text));
        foreach (var chunk in content?.Chunks ?? [])
        {
            contents.Add(chunk?.Type switch
            {
                "text" => new TextContent(chunk.Text),
                "thinking" => new TextReasoningContent(ThoughtOf(chunk.Thinking)) { ProtectedData = chunk.Signature, RawRepresentation = chunk },
                _ => new AIContent { RawRepresentation = chunk },
            });
        }
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

    private static long? Count(long? tokens) => tokens < 0 ? null : tokens;
}
