using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Acme.App.Chat;

/// <summary>The answer to a chat: whole, or without its content as the end of a stream.</summary>
/// <param name="Id">Mistral's id of the completion.</param>
/// <param name="Model">The model that answered.</param>
/// <param name="Content">The answer's text; absent at the end of a stream, which has sent it already.</param>
/// <param name="FinishReason">Why the answer ended: <c>stop</c>, <c>length</c>, or another of Mistral's reasons.</param>
/// <param name="Usage">What it cost.</param>
internal sealed record ChatResult(
    string? Id,
    string? Model,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content,
    string? FinishReason,
    ChatUsage Usage)
{
    public static ChatResult FromResponse(ChatResponse response) =>
        new(response.ResponseId, response.ModelId, response.Text, response.FinishReason?.Value, ChatUsage.FromDetails(response.Usage));

    /// <summary>The end of a stream that has told nothing yet.</summary>
    public static ChatResult BeginStream() => new(null, null, null, null, ChatUsage.FromDetails(null));

    public ChatResult With(ChatResponseUpdate update) => this with
    {
        Id = update.ResponseId ?? Id,
        Model = update.ModelId ?? Model,
        FinishReason = update.FinishReason?.Value ?? FinishReason,
        Usage = update.Contents.OfType<UsageContent>().LastOrDefault() is { } usage ? ChatUsage.FromDetails(usage.Details) : Usage,
    };
}

/// <summary>What an answer cost, in tokens.</summary>
internal sealed record ChatUsage(long PromptTokens, long CompletionTokens, long TotalTokens)
{
    public static ChatUsage FromDetails(UsageDetails? usage)
    {
        var input = usage?.InputTokenCount ?? 0;
        var output = usage?.OutputTokenCount ?? 0;
        return new ChatUsage(input, output, usage?.TotalTokenCount ?? input + output);
    }
}

/// <summary>A piece of a streamed answer.</summary>
internal sealed record ChatDelta(string Delta);
