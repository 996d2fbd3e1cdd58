using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Writes a request the way Mistral takes it: what the caller set and nothing else.</summary>
internal static class WireRequests
{
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    public static WireRequest From(IEnumerable<ChatMessage> messages, ChatOptions? options, MistralOptions settings, bool stream)
    {
        var tools = options?.Tools is { Count: > 0 } some ? some.Select(ToolOf).ToList() : null;
        return new WireRequest(options?.ModelId ?? settings.Model, WireMessages.From(messages as IReadOnlyCollection<ChatMessage> ?? [.. messages], options?.Instructions))
        {
            Temperature = options?.Temperature,
            TopP = options?.TopP,
            MaxTokens = options?.MaxOutputTokens,
            Stream = stream ? true : null,
            Stop = options?.StopSequences is { Count: > 0 } stop ? stop : null,
            RandomSeed = options?.Seed is not < 0 ? options?.Seed : throw Refused("The seed must not be negative."),
            ResponseFormat = FormatOf(options?.ResponseFormat),
            Tools = tools,
            ToolChoice = tools is null ? null : ChoiceOf(options?.ToolMode),
            ParallelToolCalls = tools is null ? null : options?.AllowMultipleToolCalls,
            PresencePenalty = options?.PresencePenalty,
            FrequencyPenalty = options?.FrequencyPenalty,
            ReasoningEffort = options?.Reasoning?.Effort is { } effort ? effort == ReasoningEffort.ExtraHigh ? "xhigh" : effort.ToString().ToLowerInvariant() : null,
            Guardrails = GuardrailsOf(settings.Guardrails),
        };
    }

    private static WireTool ToolOf(AITool tool) => tool is AIFunctionDeclaration function
        ? new WireTool("function", new WireFunction(
            function.Name,
            string.IsNullOrEmpty(function.Description) ? null : function.Description,
            function.JsonSchema is { ValueKind: JsonValueKind.Object } schema && schema.GetPropertyCount() > 0 ? schema : NoParameters))
        : throw Refused($"Mistral's chat takes functions as tools, not {tool.GetType().Name}.");

    private static JsonNode? ChoiceOf(ChatToolMode? mode) => mode switch
    {
        null => null,
        AutoChatToolMode => "auto",
        NoneChatToolMode => "none",
        RequiredChatToolMode { RequiredFunctionName: { } name } => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } },
        _ => "any",
    };

    private static WireResponseFormat? FormatOf(ChatResponseFormat? format) => format switch
    {
        null => null,
        ChatResponseFormatJson { Schema: { } schema } json => new("json_schema", new WireJsonSchema(json.SchemaName ?? "answer", json.SchemaDescription, schema, Strict: true)),
        ChatResponseFormatJson => new("json_object"),
        _ => new("text"),
    };

    /// <summary>By Mistral's own defaults a guardrail only reports, and lets a request pass when it fails itself; these block.</summary>
    private static List<WireGuardrail>? GuardrailsOf(MistralGuardrailOptions guardrails) => guardrails.Enabled
        ? [new WireGuardrail(BlockOnError: true, new WireModerationGuardrail(guardrails.Thresholds is { Count: > 0 } thresholds ? thresholds : null, Action: "block"))]
        : null;

    private static MistralException Refused(string message) => new(MistralErrorKind.InvalidRequest, message);
}
