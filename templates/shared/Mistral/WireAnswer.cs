using System.Text.Json;
using System.Text.Json.Serialization;

namespace Acme.App.Mistral;

/// <summary>An answer of the model, whole or one chunk of a streamed one. What is not needed is not read.</summary>
internal sealed record WireAnswer
{
    public string? Id { get; init; }

    public double? Created { get; init; }

    public string? Model { get; init; }

    public IReadOnlyList<WireChoice>? Choices { get; init; }

    public WireUsage? Usage { get; init; }
}

internal sealed record WireChoice(int? Index, WireMessage? Message, WireMessage? Delta, string? FinishReason);

internal sealed record WireUsage(long? PromptTokens, long? CompletionTokens, long? TotalTokens, long? NumCachedTokens);

/// <summary>What <c>GET /v1/models</c> answers.</summary>
internal sealed record WireModelList(IReadOnlyList<MistralModel?>? Data);

/// <summary>What a moderation answers; the categories are a dictionary since their set changes.</summary>
internal sealed record WireModeration(IReadOnlyList<WireModerationResult?>? Results);

internal sealed record WireModerationResult(Dictionary<string, bool>? Categories, Dictionary<string, JsonElement>? CategoryScores);

/// <summary>How everything that goes over the wire is written and read, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(WireRequest))]
[JsonSerializable(typeof(WireModerationRequest))]
[JsonSerializable(typeof(WireAnswer))]
[JsonSerializable(typeof(WireModelList))]
[JsonSerializable(typeof(WireModeration))]
[JsonSerializable(typeof(IReadOnlyList<WireChunk>))]
[JsonSerializable(typeof(Dictionary<string, object?>))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class MistralJsonContext : JsonSerializerContext;
