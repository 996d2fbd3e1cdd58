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
                Message = ToMessage(response.Messages.SelectMany(message => message.Contents), Assistant),
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
        Choices = [new() { Index = 0, Delta = ToMessage(update.Contents, isFirst ? Assistant : null), FinishReason = update.FinishReason?.Value }],
        Usage = update.Contents.OfType<UsageContent>().FirstOrDefault() is { } usage ? UsageOf(usage.Details) : null,
    };

    private static WireMessage ToMessage(IEnumerable<AIContent> contents, string? role)
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
                (calls ??= []).Add(new WireToolCall(call.CallId, ToFunction(call), calls.Count, "function"));
        }

        var onlyText = chunks.TrueForAll(chunk => chunk!.Type == "text");
        return new WireMessage
        {
            Role = role,
            Content = onlyText ? new WireContent(string.Concat(chunks.Select(chunk => chunk!.Text))) : new WireContent(null, chunks),
            ToolCalls = calls,
        };
    }

    /// <summary>
    /// Arguments that are no JSON go on as they came: a caller learns by the finish reason that they were cut, and must not take them for none.
    /// </summary>
    private static WireFunctionCall ToFunction(FunctionCallContent call) =>
        new(call.Name, call.AdditionalProperties?.GetValueOrDefault(ToolCallBuilder.Malformed) as string ?? WireMessages.ArgumentsOf(call));

    private static WireUsage UsageOf(UsageDetails usage) => new()
    {
        PromptTokens = usage.InputTokenCount ?? 0,
        CompletionTokens = usage.OutputTokenCount ?? 0,
        TotalTokens = usage.TotalTokenCount ?? (usage.InputTokenCount ?? 0) + (usage.OutputTokenCount ?? 0),
        NumCachedTokens = usage.CachedInputTokenCount,
    };
}
