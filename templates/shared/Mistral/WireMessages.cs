using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Writes a conversation the way Mistral takes it.</summary>
internal static class WireMessages
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    public static List<WireMessage> From(IReadOnlyCollection<ChatMessage> messages, string? instructions)
    {
        var ids = new ToolCallIds(messages);
        var names = new Dictionary<string, string>();
        List<WireMessage> wire = string.IsNullOrEmpty(instructions) ? [] : [new() { Role = "system", Content = new(instructions) }];
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.Assistant)
                AddAssistant(message, ids, names, wire);
            else
                AddOther(message, ids, names, wire);
        }

        return wire;
    }

    private static void AddAssistant(ChatMessage message, ToolCallIds ids, Dictionary<string, string> names, List<WireMessage> wire)
    {
        List<WireToolCall>? calls = null;
        foreach (var call in message.Contents.OfType<FunctionCallContent>())
        {
            var arguments = call.Arguments is null ? "{}" : JsonSerializer.Serialize(call.Arguments, Compact.GetTypeInfo(typeof(IDictionary<string, object?>)));
            (calls ??= []).Add(new WireToolCall(ids[call.CallId], new WireFunctionCall(call.Name, arguments)));
            names[call.CallId] = call.Name;
        }

        // Mistral refuses an assistant message that says nothing.
        if (ContentOf(message.Contents) is var content && (content is not null || calls is not null))
            wire.Add(new WireMessage { Role = "assistant", Content = content, ToolCalls = calls });
    }

    private static void AddOther(ChatMessage message, ToolCallIds ids, Dictionary<string, string> names, List<WireMessage> wire)
    {
        foreach (var result in message.Contents.OfType<FunctionResultContent>())
        {
            wire.Add(new WireMessage
            {
                Role = "tool",
                Content = new(TextOf(result.Result)),
                ToolCallId = ids[result.CallId],
                Name = names.GetValueOrDefault(result.CallId),
            });
        }

        // OpenAI's developer role is Mistral's system role.
        var role = message.Role == ChatRole.System || message.Role.Value == "developer" ? "system" : "user";
        if (message.Role != ChatRole.Tool && (ContentOf(message.Contents) ?? (message.Contents.Count == 0 ? new WireContent("") : null)) is { } content)
            wire.Add(new WireMessage { Role = role, Content = content });
    }

    private static string TextOf(object? result) => result switch
    {
        null => "",
        string text => text,
        TextContent text => text.Text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        _ => JsonSerializer.Serialize(result, Compact.GetTypeInfo(typeof(object))),
    };

    private static WireContent? ContentOf(IList<AIContent> contents)
    {
        List<WireChunk>? chunks = null;
        foreach (var content in contents)
        {
            if (ChunkOf(content) is { } chunk)
                (chunks ??= []).Add(chunk);
        }

        return chunks switch
        {
            null => null,
            [{ Type: "text" } only] => new WireContent(only.Text),
            _ => new WireContent(null, chunks),
        };
    }

    private static WireChunk? ChunkOf(AIContent content) => content switch
    {
        TextReasoningContent thought => new("thinking") { Thinking = new(null, [new("text") { Text = thought.Text }]), Signature = thought.ProtectedData },
        TextContent { Text.Length: 0 } => null,
        TextContent text => new("text") { Text = text.Text },
        DataContent data when data.HasTopLevelMediaType("image") => new("image_url") { ImageUrl = data.Uri },
        UriContent link when link.HasTopLevelMediaType("image") => new("image_url") { ImageUrl = link.Uri.AbsoluteUri },
        DataContent data when data.HasTopLevelMediaType("audio") => new("input_audio") { InputAudio = data.Base64Data.ToString() },
        DataContent data => new("document_url") { DocumentUrl = data.Uri, DocumentName = data.Name },
        UriContent link => new("document_url") { DocumentUrl = link.Uri.AbsoluteUri },
        HostedFileContent file => new("file") { FileId = file.FileId },
        FunctionCallContent or FunctionResultContent or UsageContent or ErrorContent => null,
        { } other when other.GetType() == typeof(AIContent) => null,
        _ => throw new MistralException(MistralErrorKind.InvalidRequest, $"Mistral takes no content of the kind {content.GetType().Name}."),
    };
}
