using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>
/// The body of <c>POST /v1/chat/completions</c>: what the caller set and nothing else. Mistral refuses a field that it does not know.
/// </summary>
internal sealed record WireRequest(
    string Model, IReadOnlyList<WireMessage> Messages, float? Temperature, float? TopP, int? MaxTokens, bool? Stream, IList<string>? Stop, long? RandomSeed,
    WireResponseFormat? ResponseFormat, IReadOnlyList<WireTool>? Tools, JsonNode? ToolChoice, bool? ParallelToolCalls, float? PresencePenalty,
    float? FrequencyPenalty)
{
    /// <summary>A schema's or a function's strictness, in the additional properties of the options and of the function.</summary>
    public const string StrictSchema = "strictJsonSchema";
    public const string Strict = "strict";

    /// <summary>
    /// What Mistral takes and <see cref="ChatOptions"/> has no name for, with its kind of JSON: passed on as it stands in the options'
    /// <see cref="ChatOptions.AdditionalProperties"/>, where guards read it.
    /// </summary>
    public static readonly FrozenDictionary<string, JsonValueKind> PassedOn = new Dictionary<string, JsonValueKind>
    {
        [Effort] = JsonValueKind.String,
        [Rails] = JsonValueKind.Array,
        ["metadata"] = JsonValueKind.Object,
        ["prediction"] = JsonValueKind.Object,
        ["prompt_cache_key"] = JsonValueKind.String,
        ["prompt_mode"] = JsonValueKind.String,
        ["safe_prompt"] = JsonValueKind.True,
    }.ToFrozenDictionary();

    private const string Effort = "reasoning_effort";
    private const string Rails = "guardrails";

    private static readonly JsonElement s_noParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static WireRequest From(IEnumerable<ChatMessage> messages, ChatOptions? options, MistralOptions settings, bool stream)
    {
        var tools = options?.Tools is { Count: > 0 } some ? some.Select(ToolOf).ToList() : null;
        return new WireRequest(
            Model: options?.ModelId ?? settings.Model,
            Messages: WireMessages.From(messages as IReadOnlyCollection<ChatMessage> ?? [.. messages], options?.Instructions),
            Temperature: Finite(options?.Temperature),
            TopP: Finite(options?.TopP),
            MaxTokens: options?.MaxOutputTokens,
            Stream: stream ? true : null,
            Stop: options?.StopSequences is { Count: > 0 } stop ? stop : null,
            RandomSeed: options?.Seed is not < 0 ? options?.Seed : throw Refused("The seed must not be negative."),
            ResponseFormat: FormatOf(options),
            Tools: tools,
            ToolChoice: tools is null ? null : ChoiceOf(options?.ToolMode),
            ParallelToolCalls: tools is null ? null : options?.AllowMultipleToolCalls,
            PresencePenalty: Finite(options?.PresencePenalty),
            FrequencyPenalty: Finite(options?.FrequencyPenalty))
        {
            Others = OthersOf(options, settings.Guardrails),
        };
    }

    private static WireTool ToolOf(AITool tool) => tool is AIFunctionDeclaration function
        ? new WireTool("function", new WireFunction(
            function.Name,
            string.IsNullOrEmpty(function.Description) ? null : function.Description,
            function.JsonSchema is { ValueKind: JsonValueKind.Object } schema && schema.GetPropertyCount() > 0 ? schema : s_noParameters,
            function.AdditionalProperties.TryGetValue(Strict, out var strict) ? strict as bool? : null))
        : throw Refused($"Mistral's chat takes functions as tools, not {tool.GetType().Name}.");

    private static JsonNode? ChoiceOf(ChatToolMode? mode) => mode switch
    {
        null => null,
        AutoChatToolMode => "auto",
        NoneChatToolMode => "none",
        RequiredChatToolMode { RequiredFunctionName: { } name } => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } },
        _ => "any",
    };

    private static WireResponseFormat? FormatOf(ChatOptions? options) => options?.ResponseFormat switch
    {
        null => null,
        ChatResponseFormatJson { Schema: { } schema } json => new("json_schema", new WireJsonSchema(
            json.SchemaName ?? "answer", json.SchemaDescription, schema, options.AdditionalProperties?.GetValueOrDefault(StrictSchema) as bool? ?? true)),
        ChatResponseFormatJson => new("json_object"),
        _ => new("text"),
    };

    private static Dictionary<string, JsonElement>? OthersOf(ChatOptions? options, MistralGuardrailOptions guardrails)
    {
        var others = new Dictionary<string, JsonElement>();
        foreach (var (name, value) in options?.AdditionalProperties ?? [])
        {
            if (JsonOf(name, value) is { } json)
                others[name] = json;
        }

        if (options?.Reasoning?.Effort is { } effort)
            others[Effort] = JsonElement.Parse($"\"{(effort == ReasoningEffort.ExtraHigh ? "xhigh" : effort.ToString().ToLowerInvariant())}\"");
        if (guardrails.Enabled)
            others[Rails] = JsonSerializer.SerializeToElement<JsonElement[]>(
                [GuardrailOf(guardrails), .. others.TryGetValue(Rails, out var callers) ? callers.EnumerateArray() : []],
                MistralJsonContext.Default.JsonElementArray);
        return others.Count > 0 ? others : null;
    }

    /// <summary>What an application sets of Mistral's own fields, as JSON; null for what is none of them, or not of the field's kind.</summary>
    public static JsonElement? JsonOf(string name, object? value)
    {
        if (value is null || !PassedOn.TryGetValue(name, out var kind))
            return null;
        var json = value as JsonElement? ?? JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions);
        return json.ValueKind == kind || (kind, json.ValueKind) is (JsonValueKind.True, JsonValueKind.False) ? json : null;
    }

    /// <summary>
    /// By Mistral's own defaults a guardrail only reports, and lets a request pass when it fails itself; this one blocks, whatever others its
    /// caller adds.
    /// </summary>
    private static JsonElement GuardrailOf(MistralGuardrailOptions guardrails)
    {
        var thresholds = guardrails.Thresholds is { Count: > 0 } some ? some : null;
        return JsonSerializer.SerializeToElement(
            new WireGuardrail(BlockOnError: true, new WireModerationGuardrail(thresholds, Action: "block")), MistralJsonContext.Default.WireGuardrail);
    }

    private static float? Finite(float? value) =>
        value is not { } number || float.IsFinite(number) ? value : throw Refused("A temperature or another sampling option is not a number.");

    private static MistralException Refused(string message) => new(MistralErrorKind.InvalidRequest, message);
}

internal sealed record WireResponseFormat(string Type, WireJsonSchema? JsonSchema = null);
internal sealed record WireJsonSchema(string Name, string? Description, JsonElement Schema, bool? Strict);
internal sealed record WireTool(string Type, WireFunction Function);
internal sealed record WireFunction(string Name, string? Description, JsonElement Parameters, bool? Strict = null);
internal sealed record WireGuardrail(bool BlockOnError, WireModerationGuardrail ModerationLlmV2);
internal sealed record WireModerationGuardrail(Dictionary<string, double>? CustomCategoryThresholds, string Action);

/// <summary>The body of <c>POST /v1/chat/moderations</c>.</summary>
internal sealed record WireModerationRequest(string Model, IReadOnlyList<WireMessage> Input);
