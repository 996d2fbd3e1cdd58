using System.Text.Json.Serialization;
using Acme.App.Auditing;
using Acme.App.Guards;
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

    public ChatResult ToResult() => new(Id, Model, Text, FinishReason, ChatUsage.FromDetails(Usage));
}

/// <summary>The answer as <c>--json</c> prints it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ChatResult))]
internal sealed partial class AnswerJsonContext : JsonSerializerContext;
