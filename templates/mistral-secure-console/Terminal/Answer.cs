using System.Text.Json.Serialization;
using Acme.App.Auditing;
using Microsoft.Extensions.AI;

namespace Acme.App.Terminal;

/// <summary>What came of a question.</summary>
/// <param name="Failure">Why there is no answer.</param>
/// <param name="IsStopped">Whether the user stopped it.</param>
internal sealed record Answer(string? Id, string Text, string Model, string? FinishReason, UsageDetails? Usage, ChatFailure? Failure, bool IsStopped)
{
    /// <summary>Whether it ends where no more tokens were allowed.</summary>
    public bool IsCut => FinishReason == ChatFinishReason.Length.Value;

    /// <summary>Prints nothing of what was said.</summary>
    public override string ToString() => Model;

    public AnswerJson ToJson() => new(
        Id, Model, Text, FinishReason,
        new(Usage?.InputTokenCount ?? 0, Usage?.OutputTokenCount ?? 0, Usage?.TotalTokenCount ?? 0));
}

/// <summary>The answer as <c>--json</c> prints it.</summary>
internal sealed record AnswerJson(string? Id, string Model, string Content, string? FinishReason, UsageJson Usage);

internal sealed record UsageJson(long PromptTokens, long CompletionTokens, long TotalTokens);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AnswerJson))]
internal sealed partial class AnswerJsonContext : JsonSerializerContext;
