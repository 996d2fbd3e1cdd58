using System.Text.Json;
using System.Text.Json.Nodes;

namespace Acme.App.Tests.StandIn;

/// <summary>Words the stand-in's answers the way Mistral words them, whole or streamed.</summary>
internal static class ModelAnswer
{
    private const long Created = 1_750_000_000;

    /// <summary>The usual reply: it echoes the last message, calls a tool where one is demanded, and keeps to a demanded JSON schema.</summary>
    public static StandInReply Usual(JsonElement request)
    {
        var last = request.GetProperty("messages").EnumerateArray().Last();
        var text = $"{(last.GetProperty("role").GetString() == "tool" ? "The tool said" : "You said")}: {TextOf(last)}";
        if (DemandedTool(request) is { } tool)
            return StandInReply.Calls(new StandInToolCall(
                "standin01", tool.GetProperty("name").GetString()!, Sample(tool.GetProperty("parameters"), text)!.ToJsonString()));
        if (!request.TryGetProperty("response_format", out var format) || !format.TryGetProperty("type", out var type) || type.GetString() == "text")
            return StandInReply.Answer(text);
        return StandInReply.Answer(format.TryGetProperty("json_schema", out var schema) && schema.ValueKind == JsonValueKind.Object
            ? Sample(schema.GetProperty("schema"), text)?.ToJsonString() ?? "null"
            : new JsonObject { ["answer"] = text }.ToJsonString());
    }

    public static string Whole(JsonElement request, StandInReply reply) => new JsonObject
    {
        ["id"] = NewId(),
        ["object"] = "chat.completion",
        ["created"] = Created,
        ["model"] = request.GetProperty("model").GetString(),
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = Message(reply.Text ?? "", reply.ToolCalls, whole: true),
            ["finish_reason"] = reply.FinishReason,
        }),
        ["usage"] = Usage(request, reply),
    }.ToJsonString();

    /// <summary>Word by word, the finish reason and the usage in the last chunk.</summary>
    public static IEnumerable<string> Events(JsonElement request, StandInReply reply)
    {
        var id = NewId();
        foreach (var (index, word) in Words(reply.Text).Index())
            yield return Event(Chunk(Message(word, [], index == 0), null));
        // A reply that breaks off has no end.
        if (reply.End != ReplyEnd.Properly)
            yield break;
        var last = Chunk(Message("", reply.ToolCalls, whole: reply.ToolCalls.Count > 0), reply.FinishReason);
        last["usage"] = Usage(request, reply);
        yield return Event(last);
        yield return "data: [DONE]\n\n";

        JsonObject Chunk(JsonObject delta, string? finishReason) => new()
        {
            ["id"] = id,
            ["object"] = "chat.completion.chunk",
            ["created"] = Created,
            ["model"] = request.GetProperty("model").GetString(),
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finishReason }),
        };
    }

    private static string Event(JsonObject chunk) => $"data: {chunk.ToJsonString()}\n\n";

    private static string NewId() => Guid.NewGuid().ToString("N");

    private static JsonObject Message(string content, IReadOnlyList<StandInToolCall> calls, bool whole)
    {
        var message = new JsonObject { ["content"] = content };
        if (whole)
            message["role"] = "assistant";
        if (calls.Count > 0)
            message["tool_calls"] = new JsonArray([.. calls.Select((call, index) => new JsonObject
            {
                ["id"] = call.Id,
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
                ["index"] = index,
            })]);
        return message;
    }

    private static JsonObject Usage(JsonElement request, StandInReply reply)
    {
        var prompt = request.GetProperty("messages").EnumerateArray().Sum(message => Words(TextOf(message)).Length);
        var completion = Words(reply.Text).Length + reply.ToolCalls.Count;
        return new() { ["prompt_tokens"] = prompt, ["completion_tokens"] = completion, ["total_tokens"] = prompt + completion };
    }

    private static JsonElement? DemandedTool(JsonElement request)
    {
        if (!request.TryGetProperty("tools", out var tools) || tools.ValueKind != JsonValueKind.Array || !request.TryGetProperty("tool_choice", out var choice))
            return null;
        var functions = tools.EnumerateArray().Select(tool => tool.GetProperty("function"));
        if (choice.ValueKind == JsonValueKind.Object)
            return functions.First(function => function.GetProperty("name").ValueEquals(choice.GetProperty("function").GetProperty("name").GetString()));
        return choice.GetString() is "any" or "required" ? functions.First() : null;
    }

    private static JsonNode? Sample(JsonElement schema, string text) =>
        (schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : "object") switch
        {
            "string" => schema.TryGetProperty("enum", out var values) ? JsonNode.Parse(values[0].GetRawText()) : text,
            "number" or "integer" => 1,
            "boolean" => true,
            "array" => new JsonArray(),
            "null" => null,
            _ => new JsonObject(schema.TryGetProperty("properties", out var properties)
                ? properties.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, Sample(property.Value, text)))
                : []),
        };

    private static string TextOf(JsonElement message)
    {
        if (!message.TryGetProperty("content", out var content))
            return "";
        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(chunk => chunk.TryGetProperty("text", out var text) ? text.GetString() : "")),
            _ => "",
        };
    }

    /// <summary>The words with the space before them, so that together they are the text again.</summary>
    private static string[] Words(string? text) =>
        string.IsNullOrEmpty(text) ? [] : [.. text.Split(' ').Select((word, index) => index == 0 ? word : $" {word}")];
}
