using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Writes a conversation the way Mistral takes it.</summary>
internal static class WireMessages
{
    /// <summary>What a message or a content says besides, by its name in the additional properties.</summary>
    public const string Prefix = "prefix";
    public const string Detail = "detail";
    public const string DocumentName = "document_name";
    public const string Closed = "closed";
    public const string ToolName = "name";

    private static readonly JsonSerializerOptions s_compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    public static List<WireMessage> From(IReadOnlyCollection<ChatMessage> messages, string? instructions)
    {
        var wire = new List<WireMessage>(messages.Count + 1);
        if (!string.IsNullOrEmpty(instructions))
            wire.Add(new WireMessage { Role = "system", Content = new(instructions) });
        ToolCallIds? ids = null;
        foreach (var message in messages)
        {
            List<WireToolCall?>? calls = null;
            foreach (var content in message.Contents)
            {
                ids ??= content is FunctionResultContent or FunctionCallContent ? new(messages) : null;
                if (content is FunctionResultContent result)
                {
                    var name = Of(result.AdditionalProperties, ToolName) as string;
                    wire.Add(new WireMessage { Role = "tool", Content = new(TextOf(result.Result)), ToolCallId = ids![result.CallId], Name = name });
                }
                else if (content is FunctionCallContent call)
                    (calls ??= []).Add(new WireToolCall(ids![call.CallId], new(call.Name, ArgumentsOf(call))));
            }

            // Mistral refuses a message that says nothing, unless the user says it.
            var hasResult = message.Contents.OfType<FunctionResultContent>().Any();
            if (message.Role == ChatRole.Tool && !hasResult && ContentOf(message.Contents) is not null)
                throw new MistralException(MistralErrorKind.InvalidRequest, "A tool's message says something that is no result of a call.");
            var text = message.Role == ChatRole.Tool ? null : ContentOf(message.Contents);
            if (text is null && message.Role == ChatRole.User && !hasResult)
                text = new("");
            if (text is not null || calls is not null)
            {
                var prefix = Of(message.AdditionalProperties, Prefix) as bool?;
                wire.Add(new WireMessage { Role = RoleOf(message), Content = text, ToolCalls = calls, Prefix = prefix });
            }
        }

        return wire;
    }

    /// <summary>
    /// Arguments that are no JSON go on as they came, both ways: a caller must not take them for none, and the model is told what was wrong with them.
    /// </summary>
    public static string ArgumentsOf(FunctionCallContent call) =>
        Of(call.AdditionalProperties, ToolCallBuilder.Malformed) as string ?? (call.Arguments is null ? "{}" : Json(call.Arguments));

    /// <summary>OpenAI's developer role is Mistral's system role.</summary>
    private static string RoleOf(ChatMessage message) =>
        message.Role == ChatRole.Assistant ? "assistant"
        : message.Role == ChatRole.System || message.Role.Value == "developer" ? "system"
        : "user";

    private static string TextOf(object? result) => result switch
    {
        null => "",
        string text => text,
        TextContent text => text.Text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        _ => Json(result),
    };

    private static string Json(object value) => JsonSerializer.Serialize(value, s_compact.GetTypeInfo(value.GetType()));

    private static WireContent? ContentOf(IList<AIContent> contents)
    {
        if (contents is [TextContent { Text.Length: > 0 } only])
            return new WireContent(only.Text);
        List<WireChunk?> chunks = [.. contents.Select(ChunkOf).OfType<WireChunk>()];
        return chunks switch
        {
            [] => null,
            [{ Type: "text" } single] => new WireContent(single.Text),
            _ => new WireContent(null, chunks),
        };
    }

    private static WireChunk? ChunkOf(AIContent content) => content switch
    {
        TextReasoningContent thought => WireChunk.Thought(thought, Of(thought.AdditionalProperties, Closed) as bool?),
        TextContent text => text.Text.Length == 0 ? null : new() { Type = "text", Text = text.Text },
        DataContent data when data.HasTopLevelMediaType("image") => ImageOf(data.Uri, data),
        UriContent link when link.HasTopLevelMediaType("image") => ImageOf(link.Uri.AbsoluteUri, link),
        DataContent data when data.HasTopLevelMediaType("audio") => new() { Type = "input_audio", InputAudio = data.Base64Data.ToString() },
        UriContent link when link.HasTopLevelMediaType("audio") => new() { Type = "input_audio", InputAudio = link.Uri.AbsoluteUri },
        DataContent data => DocumentOf(data.Uri, data.Name, data),
        UriContent link => DocumentOf(link.Uri.AbsoluteUri, null, link),
        HostedFileContent file => new() { Type = "file", FileId = file.FileId },
        ReferenceContent reference => new() { Type = "reference", ReferenceIds = reference.Ids },
        FunctionCallContent or FunctionResultContent or UsageContent or ErrorContent => null,
        _ when content.GetType() == typeof(AIContent) => null,
        _ => throw new MistralException(MistralErrorKind.InvalidRequest, $"Mistral takes no content of the kind {content.GetType().Name}."),
    };

    private static WireChunk ImageOf(string address, AIContent content) => new()
    {
        Type = "image_url",
        ImageUrl = ElementOf(Of(content.AdditionalProperties, Detail) is string detail ? new JsonObject { ["url"] = address, ["detail"] = detail } : address),
    };

    private static WireChunk DocumentOf(string address, string? name, AIContent content) =>
        new() { Type = "document_url", DocumentUrl = address, DocumentName = name ?? Of(content.AdditionalProperties, DocumentName) as string };

    private static JsonElement ElementOf(JsonNode node) => JsonSerializer.SerializeToElement(node, MistralJsonContext.Default.JsonNode);

    private static object? Of(AdditionalPropertiesDictionary? properties, string name) => properties?.GetValueOrDefault(name);
}
