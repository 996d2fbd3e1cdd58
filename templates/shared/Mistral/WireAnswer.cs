using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Acme.App.Mistral;

/// <summary>An answer of the model, whole or one chunk of a streamed one. What is not needed is not read.</summary>
internal sealed class WireAnswer
{
    [JsonConverter(typeof(RepeatedTextConverter))]
    public string? Id { get; set; }
    public string? Object { get; set; }
    public double? Created { get; set; }
    [JsonConverter(typeof(RepeatedTextConverter))]
    public string? Model { get; set; }
    public IReadOnlyList<WireChoice>? Choices { get; set; }
    public WireUsage? Usage { get; set; }

    /// <summary>What went wrong in the middle of a stream.</summary>
    public JsonElement? Error { get; set; }
}

internal sealed class WireChoice
{
    public int? Index { get; set; }
    public WireMessage? Message { get; set; }
    public WireMessage? Delta { get; set; }

    /// <summary>Written as null while an answer goes on: Mistral's client reads no chunk without it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; set; }
}

internal sealed class WireUsage
{
    public long? PromptTokens { get; set; }
    public long? CompletionTokens { get; set; }
    public long? TotalTokens { get; set; }
    public long? NumCachedTokens { get; set; }
}

/// <summary>What <c>GET /v1/models</c> answers.</summary>
internal sealed record WireModelList(IReadOnlyList<MistralModel?>? Data);

/// <summary>What a moderation answers; the categories are a dictionary since their set changes.</summary>
internal sealed record WireModeration(IReadOnlyList<WireModerationResult?>? Results);

internal sealed record WireModerationResult(Dictionary<string, bool>? Categories, Dictionary<string, JsonElement>? CategoryScores);

/// <summary>Reads a text that is the same in each chunk of an answer, without making it anew.</summary>
internal sealed class RepeatedTextConverter : JsonConverter<string>
{
    private string? _last;

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && _last is { } last && reader.ValueTextEquals(last) ? last : _last = reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

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
[JsonSerializable(typeof(JsonElement[]))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(WireGuardrail))]
internal sealed partial class MistralJsonContext : JsonSerializerContext;
