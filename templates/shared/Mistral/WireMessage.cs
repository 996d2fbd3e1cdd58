using System.Text.Json;
using System.Text.Json.Serialization;

namespace Acme.App.Mistral;

/// <summary>A message of the conversation, or the part of one that a streamed chunk brings.</summary>
internal sealed record WireMessage
{
    public string? Role { get; init; }

    public WireContent? Content { get; init; }

    public IReadOnlyList<WireToolCall>? ToolCalls { get; init; }

    public string? ToolCallId { get; init; }

    public string? Name { get; init; }

    public bool? Prefix { get; init; }
}

/// <summary>What a message says: plain text or chunks.</summary>
[JsonConverter(typeof(WireContentConverter))]
internal readonly record struct WireContent(string? Text, IReadOnlyList<WireChunk>? Chunks = null);

/// <summary>One chunk of a message; its type says which of the other fields it has.</summary>
internal sealed record WireChunk(string? Type)
{
    public string? Text { get; init; }

    [JsonConverter(typeof(TextOrJsonConverter))]
    public string? ImageUrl { get; init; }

    public string? DocumentUrl { get; init; }

    public string? DocumentName { get; init; }

    public string? FileId { get; init; }

    public string? InputAudio { get; init; }

    public WireContent? Thinking { get; init; }

    public string? Signature { get; init; }
}

/// <summary>The model's wish to call a function, or a fragment of it.</summary>
internal sealed record WireToolCall(string? Id, WireFunctionCall? Function, int? Index = null);

internal sealed record WireFunctionCall(string? Name, [property: JsonConverter(typeof(TextOrJsonConverter))] string? Arguments);

/// <summary>Content is a string or an array of chunks.</summary>
internal sealed class WireContentConverter : JsonConverter<WireContent>
{
    public override WireContent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? new WireContent(reader.GetString())
            : new WireContent(null, JsonSerializer.Deserialize(ref reader, MistralJsonContext.Default.IReadOnlyListWireChunk));

    public override void Write(Utf8JsonWriter writer, WireContent value, JsonSerializerOptions options)
    {
        if (value.Chunks is null)
            writer.WriteStringValue(value.Text);
        else
            JsonSerializer.Serialize(writer, value.Chunks, MistralJsonContext.Default.IReadOnlyListWireChunk);
    }
}

/// <summary>Reads a string as it is and any other JSON as its text: a tool call's arguments come as either.</summary>
internal sealed class TextOrJsonConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString() : JsonElement.ParseValue(ref reader).GetRawText();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
