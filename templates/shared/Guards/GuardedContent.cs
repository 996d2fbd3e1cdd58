using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>Applies a guard to every text that a message's content carries: words, thoughts, what tools are asked and what they answer.</summary>
internal static class GuardedContent
{
    /// <summary>Gives the content guarded: the same instance when nothing had to change. The caller's objects are left as they are.</summary>
    public static AIContent Guard(this TextGuard guard, AIContent content, ISet<SensitiveKind> kinds)
    {
        switch (content)
        {
            case TextContent text:
                var guarded = guard.Apply(text.Text, kinds);
                return ReferenceEquals(guarded, text.Text) ? text : WithText(text, guarded);
            case TextReasoningContent thought:
                guarded = guard.Apply(thought.Text, kinds);
                return ReferenceEquals(guarded, thought.Text) ? thought : WithText(thought, guarded);
            case ErrorContent error:
                return new ErrorContent(guard.Apply(error.Message ?? "", kinds)) { ErrorCode = error.ErrorCode };
            case FunctionCallContent { Arguments: { } arguments } call:
                var changed = arguments.ToDictionary(argument => argument.Key, argument => guard.GuardValue(argument.Key, argument.Value, kinds));
                return changed.All(argument => ReferenceEquals(argument.Value, arguments[argument.Key]))
                    ? call
                    : new FunctionCallContent(call.CallId, call.Name, changed) { AdditionalProperties = call.AdditionalProperties, Exception = call.Exception };
            case FunctionResultContent { Result: { } result } answer:
                var safe = guard.GuardValue(null, result, kinds);
                return ReferenceEquals(safe, result) ? answer : new FunctionResultContent(answer.CallId, safe) { AdditionalProperties = answer.AdditionalProperties };
            case UriContent link:
                guarded = guard.Apply(link.Uri.OriginalString, kinds);
                return guarded == link.Uri.OriginalString ? link : new TextContent(guarded);
            case DataContent data when data.HasTopLevelMediaType("text"):
                var decoded = Encoding.UTF8.GetString(data.Data.Span);
                guarded = guard.Apply(decoded, kinds);
                return ReferenceEquals(guarded, decoded) ? data : new DataContent(Encoding.UTF8.GetBytes(guarded), data.MediaType) { Name = data.Name };
            default:
                return content;
        }
    }

    public static AIContent WithText(AIContent content, string text) => content is TextReasoningContent thought
        ? new TextReasoningContent(text) { ProtectedData = thought.ProtectedData, AdditionalProperties = thought.AdditionalProperties }
        : new TextContent(text) { Annotations = content.Annotations, AdditionalProperties = content.AdditionalProperties };

    /// <summary>How many characters a message's contents have, tools' arguments and results included.</summary>
    public static int LengthOf(IEnumerable<AIContent> contents) => contents.Sum(content => content switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length,
        FunctionCallContent { Arguments: { } arguments } => arguments.Sum(argument => argument.Key.Length + TextOf(argument.Value).Length),
        FunctionResultContent result => TextOf(result.Result).Length,
        _ => 0,
    });

    private static string TextOf(object? value) => value as string ?? JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions);

    private static object? GuardValue(this TextGuard guard, string? name, object? value, ISet<SensitiveKind> kinds)
    {
        if (value is null or string)
            return value is string text ? guard.Apply(name, text, kinds) : null;

        var node = JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions);
        var before = node?.ToJsonString();
        var after = guard.GuardNode(name, node, kinds);
        return after?.ToJsonString() == before ? value : JsonSerializer.SerializeToElement(after, AIJsonUtilities.DefaultOptions);
    }

    private static JsonNode? GuardNode(this TextGuard guard, string? name, JsonNode? node, ISet<SensitiveKind> kinds)
    {
        switch (node)
        {
            case JsonObject fields:
                return new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, guard.GuardNode(field.Key, field.Value, kinds))));
            case JsonArray items:
                return new JsonArray([.. items.Select(item => guard.GuardNode(name, item, kinds))]);
            case JsonValue value when value.GetValueKind() is JsonValueKind.String or JsonValueKind.Number:
                var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
                var guarded = guard.Apply(name, text, kinds);
                return guarded == text ? value.DeepClone() : JsonValue.Create(guarded);
            default:
                return node?.DeepClone();
        }
    }
}
