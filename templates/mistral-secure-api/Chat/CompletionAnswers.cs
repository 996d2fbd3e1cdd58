using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace Acme.App.Chat;

/// <summary>Writes what came back along the road, guarded as it is, in Mistral's wire.</summary>
internal static class CompletionAnswers
{
    private const string Assistant = "assistant";

    public static WireAnswer ToWhole(ChatResponse response) => new()
    {
        Id = response.ResponseId,
        Object = "chat.completion",
        Created = response.CreatedAt?.ToUnixTimeSeconds() ?? 0,
        Model = response.ModelId,
        Choices =
        [
            new()
            {
                Index = 0,
                Message = ToMessage(response.Messages.SelectMany(message => message.Contents), Assistant, isChunk: false),
                FinishReason = response.FinishReason?.Value ?? "stop",
            },
        ],
        Usage = UsageOf(response.Usage ?? new()),
    };

    public static WireAnswer ToChunk(ChatResponseUpdate update, bool isFirst) => new()
    {
        Id = update.ResponseId,
        Object = "chat.completion.chunk",
        Created = update.CreatedAt?.ToUnixTimeSeconds() ?? 0,
        Model = update.ModelId,
        Choices =
        [
            new() { Index = 0, Delta = ToMessage(update.Contents, isFirst ? Assistant : null, isChunk: true), FinishReason = update.FinishReason?.Value },
        ],
        Usage = update.Contents.OfType<UsageContent>().FirstOrDefault() is { } usage ? UsageOf(usage.Details) : null,
    };

    private static WireMessage ToMessage(IEnumerable<AIContent> contents, string? role, bool isChunk)
    {
        List<WireChunk?> chunks = [];
        List<WireToolCall?>? calls = null;
        foreach (var content in contents)
        {
            if (content is TextReasoningContent thought)
                chunks.Add(WireChunk.Thought(thought));
            else if (content is TextContent { Text.Length: > 0 } text)
                chunks.Add(new() { Type = "text", Text = text.Text });
            else if (content is ReferenceContent reference)
                chunks.Add(new() { Type = "reference", ReferenceIds = reference.Ids });
            else if (content is FunctionCallContent call)
                // In a whole answer OpenAI's have no index, and a client may send back all that it got.
                (calls ??= []).Add(new WireToolCall(call.CallId, new(call.Name, WireMessages.ArgumentsOf(call)), isChunk ? calls.Count : null, "function"));
        }

        var onlyText = chunks.TrueForAll(chunk => chunk!.Type == "text");
        return new WireMessage
        {
            Role = role,
            Content = onlyText ? new WireContent(string.Concat(chunks.Select(chunk => chunk!.Text))) : new WireContent(null, chunks),
            ToolCalls = calls,
        };
    }

    private static WireUsage UsageOf(UsageDetails usage) => new()
    {
        PromptTokens = usage.InputTokenCount ?? 0,
        CompletionTokens = usage.OutputTokenCount ?? 0,
        TotalTokens = usage.TotalTokenCount ?? (usage.InputTokenCount ?? 0) + (usage.OutputTokenCount ?? 0),
        NumCachedTokens = usage.CachedInputTokenCount,
    };
}
