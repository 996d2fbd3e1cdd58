using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>The answer to a chat as programs read it: whole, or without its content as the end of a stream.</summary>
/// <param name="Id">Mistral's id of the completion.</param>
/// <param name="Content">The answer's text; absent at the end of a stream, which has sent it already.</param>
/// <param name="FinishReason">Why the answer ended: <c>stop</c>, <c>length</c>, or another of Mistral's reasons.</param>
internal sealed record ChatResult(
    string? Id,
    string? Model,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content,
    string? FinishReason,
    ChatUsage Usage);

/// <summary>What an answer cost, in tokens.</summary>
internal sealed record ChatUsage(long PromptTokens, long CompletionTokens, long TotalTokens)
{
    public static ChatUsage FromDetails(UsageDetails? usage)
    {
        var (input, output) = (usage?.InputTokenCount ?? 0, usage?.OutputTokenCount ?? 0);
        return new ChatUsage(input, output, usage?.TotalTokenCount ?? input + output);
    }
}
