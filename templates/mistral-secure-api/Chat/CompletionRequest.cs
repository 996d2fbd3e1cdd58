using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Acme.App.Mistral;

namespace Acme.App.Chat;

/// <summary>
/// The body of <c>POST /v1/chat/completions</c> as Mistral's and OpenAI's clients write it. A field that is not here is refused, with its
/// name, rather than dropped in silence. A class and not a record, so that no log prints it.
/// </summary>
internal sealed class CompletionRequest
{
    public string? Model { get; set; }
    public IReadOnlyList<CompletionMessage?>? Messages { get; set; }
    public float? Temperature { get; set; }
    public float? TopP { get; set; }
    public int? MaxTokens { get; set; }
    public bool? Stream { get; set; }
    public JsonElement? Stop { get; set; }
    public long? RandomSeed { get; set; }
    public WireResponseFormat? ResponseFormat { get; set; }
    public IReadOnlyList<WireTool?>? Tools { get; set; }
    public JsonElement? ToolChoice { get; set; }
    public bool? ParallelToolCalls { get; set; }
    public float? PresencePenalty { get; set; }
    public float? FrequencyPenalty { get; set; }

    /// <summary>The rest: what Mistral takes besides is passed on, and all else refused.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <summary>How many answers are wanted: 1, as there is one road.</summary>
    public int? N { get; set; }

    /// <summary>OpenAI's newer name of <c>max_tokens</c>.</summary>
    public int? MaxCompletionTokens { get; set; }

    /// <summary>OpenAI's name of <c>random_seed</c>.</summary>
    public long? Seed { get; set; }

    /// <summary>OpenAI's wish for the usage behind a stream, which Mistral sends with its last chunk, and for no padding, which it never sends.</summary>
    public CompletionStreamExtras? StreamOptions { get; set; }
}

internal sealed record CompletionStreamExtras(bool? IncludeUsage, bool? IncludeObfuscation);

/// <summary>A message as a client sends it; OpenAI's sends its own answers back with fields that are null.</summary>
internal sealed class CompletionMessage : WireMessage
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>What <c>GET /v1/models</c> answers: the models that this environment allows.</summary>
internal sealed record CompletionModels(string Object, IReadOnlyList<CompletionModel> Data);

internal sealed record CompletionModel(string Id, string Object, long Created, string OwnedBy, string Type, CompletionCapabilities Capabilities);

internal sealed record CompletionCapabilities(bool CompletionChat, bool FunctionCalling);

/// <summary>An error as Mistral's clients and, in its inner part, OpenAI's clients read it.</summary>
/// <param name="Error">First, as some clients know an error in a stream by how it begins.</param>
/// <param name="Param">As <paramref name="Code"/> there for those that ask for it, be it null.</param>
internal sealed record CompletionError(
    CompletionError? Error,
    string? Object,
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code,
    string? TraceId);

/// <summary>Reads JSON of any form with every text in it: half a character would be found out too late, by whoever reads it next.</summary>
internal sealed class FreeJsonConverter : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var ahead = reader;
        do
            _ = ahead.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? ahead.GetString() : null;
        while ((ahead.CurrentDepth > reader.CurrentDepth || ahead.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) && ahead.Read());
        return JsonMetadataServices.JsonElementConverter.Read(ref reader, typeToConvert, options);
    }

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => value.WriteTo(writer);
}

/// <summary>Mistral's wire as callers use it: strict in what is read, which the wire towards Mistral is not.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(FreeJsonConverter)])]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(IReadOnlyList<WireChunk>))]
[JsonSerializable(typeof(WireAnswer))]
[JsonSerializable(typeof(CompletionModels))]
[JsonSerializable(typeof(CompletionError))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class CompletionJsonContext : JsonSerializerContext;
