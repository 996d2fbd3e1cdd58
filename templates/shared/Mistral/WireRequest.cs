using System.Text.Json;
using System.Text.Json.Nodes;

namespace Acme.App.Mistral;

/// <summary>The body of <c>POST /v1/chat/completions</c>. Mistral refuses a field that it does not know, so there are no others.</summary>
internal sealed record WireRequest(string Model, IReadOnlyList<WireMessage> Messages)
{
    public float? Temperature { get; init; }
    public float? TopP { get; init; }
    public int? MaxTokens { get; init; }
    public bool? Stream { get; init; }
    public IList<string>? Stop { get; init; }
    public long? RandomSeed { get; init; }
    public WireResponseFormat? ResponseFormat { get; init; }
    public IReadOnlyList<WireTool>? Tools { get; init; }

    /// <summary>A word such as <c>auto</c>, or an object that names a function.</summary>
    public JsonNode? ToolChoice { get; init; }

    public bool? ParallelToolCalls { get; init; }
    public float? PresencePenalty { get; init; }
    public float? FrequencyPenalty { get; init; }
    public string? ReasoningEffort { get; init; }
    public IReadOnlyList<WireGuardrail>? Guardrails { get; init; }
}

internal sealed record WireResponseFormat(string Type, WireJsonSchema? JsonSchema = null);

internal sealed record WireJsonSchema(string Name, string? Description, JsonElement Schema, bool Strict);

internal sealed record WireTool(string Type, WireFunction Function);

internal sealed record WireFunction(string Name, string? Description, JsonElement Parameters);

internal sealed record WireGuardrail(bool BlockOnError, WireModerationGuardrail ModerationLlmV2);

internal sealed record WireModerationGuardrail(Dictionary<string, double>? CustomCategoryThresholds, string Action);

/// <summary>The body of <c>POST /v1/chat/moderations</c>.</summary>
internal sealed record WireModerationRequest(string Model, IReadOnlyList<WireMessage> Input);
