using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>A message of the conversation, or the part of one that a streamed chunk brings. Settable, since that is read with less memory.</summary>
internal class WireMessage
{
    public string? Role { get; set; }
    public WireContent? Content { get; set; }
    public IReadOnlyList<WireToolCall?>? ToolCalls { get; set; }
    public string? ToolCallId { get; set; }

    /// <summary>The tool that answers, where a client names it; Mistral does not need it.</summary>
    public string? Name { get; set; }

    /// <summary>Whether the answer begins with this message's words.</summary>
    public bool? Prefix { get; set; }
}

/// <summary>What a message says: plain text or chunks.</summary>
[JsonConverter(typeof(WireContentConverter))]
internal readonly record struct WireContent(string? Text, IReadOnlyList<WireChunk?>? Chunks = null);

/// <summary>One chunk of a message; its type says which of the other fields it has.</summary>
internal sealed class WireChunk
{
    public string? Type { get; set; }
    public string? Text { get; set; }

    /// <summary>An address, or an object of an address and a detail.</summary>
    public JsonElement? ImageUrl { get; set; }
    public string? DocumentUrl { get; set; }
    public string? DocumentName { get; set; }
    public string? FileId { get; set; }
    public string? InputAudio { get; set; }
    public IReadOnlyList<long>? ReferenceIds { get; set; }
    public WireContent? Thinking { get; set; }
    public string? Signature { get; set; }
    public bool? Closed { get; set; }

    public static WireChunk Thought(TextReasoningContent thought, bool? closed = null) => new()
    {
        Type = "thinking",
        Thinking = new(null, [new() { Type = "text", Text = thought.Text }]),
        Signature = thought.ProtectedData,
        Closed = closed,
    };
}

/// <summary>References to what a tool or a connector brought, which Microsoft's abstractions have no content for.</summary>
internal sealed class ReferenceContent(IReadOnlyList<long> ids) : AIContent
{
    public IReadOnlyList<long> Ids { get; } = ids;
}

/// <summary>The model's wish to call a function, or a fragment of it.</summary>
internal sealed record WireToolCall(string? Id, WireFunctionCall? Function, int? Index = null, string? Type = null);

internal sealed record WireFunctionCall(string? Name, [property: JsonConverter(typeof(TextOrJsonConverter))] string? Arguments);

/// <summary>Content is a string or an array of chunks.</summary>
internal sealed class WireContentConverter : JsonConverter<WireContent>
{
    public override WireContent Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return reader.TokenType == JsonTokenType.String
                ? new WireContent(reader.GetString())
                : new WireContent(null, JsonSerializer.Deserialize<IReadOnlyList<WireChunk?>>(ref reader, options));
        }
        catch (JsonException exception)
        {
            // Its path begins at the chunks; one without a path is given that of the content.
            throw new JsonException(null, exception);
        }
    }

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
