using System.Text.Json;

namespace Acme.App.Tests.StandIn;

/// <summary>What Mistral asks of a request beyond its schema: the order of the messages and the form of the tool calls' ids.</summary>
internal static class MessageRules
{
    public const string InvalidModel = "1500";
    public const string InvalidOrder = "3230";
    public const string InvalidToolCallId = "3280";
    public const string InvalidAssistant = "3240";

    /// <returns>Mistral's code and words for the first broken rule, or null.</returns>
    public static (string Code, string Message)? Check(JsonElement messages)
    {
        var open = new HashSet<string>();
        var previous = "";
        foreach (var message in messages.EnumerateArray())
        {
            var role = message.GetProperty("role").GetString()!;
            if (role == "tool")
            {
                var id = message.TryGetProperty("tool_call_id", out var value) ? value.GetString() : null;
                if (!IsToolCallId(id))
                    return (InvalidToolCallId, "Tool call id has to be defined in a tool message, nine of a-z, A-Z, 0-9.");
                if (!open.Remove(id!))
                    return (InvalidOrder, "Unexpected tool call id in tool results");
            }
            else if (open.Count > 0)
            {
                return (InvalidOrder, "Not the same number of function calls and responses");
            }
            else if (role == "user" && previous == "tool")
            {
                return (InvalidOrder, "Unexpected role 'user' after role 'tool'");
            }

            if (role == "assistant" && !HasContent(message) && !HasToolCalls(message))
                return (InvalidAssistant, "Assistant message must have either content or tool_calls, but not none.");
            if (role == "assistant" && message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
            {
                foreach (var call in calls.EnumerateArray())
                {
                    var id = call.TryGetProperty("id", out var value) ? value.GetString() : null;
                    if (!IsToolCallId(id))
                        return (InvalidToolCallId, "Tool call id was not valid, it must be nine of a-z, A-Z, 0-9.");
                    open.Add(id!);
                }
            }

            previous = role;
        }

        return CanEndWith(messages) ? null : (InvalidOrder, "Expected last role User or Tool (or Assistant with prefix True) for serving");
    }

    private static bool HasContent(JsonElement message) => message.TryGetProperty("content", out var content) && content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!.Length > 0,
        JsonValueKind.Array => content.GetArrayLength() > 0,
        _ => false,
    };

    private static bool HasToolCalls(JsonElement message) =>
        message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0;

    private static bool CanEndWith(JsonElement messages)
    {
        if (messages.GetArrayLength() == 0)
            return false;
        var last = messages[messages.GetArrayLength() - 1];
        return last.GetProperty("role").GetString() is "user" or "tool"
            || (last.TryGetProperty("prefix", out var prefix) && prefix.ValueKind == JsonValueKind.True);
    }

    private static bool IsToolCallId(string? id) => id is { Length: 9 } && id.All(char.IsAsciiLetterOrDigit);
}
