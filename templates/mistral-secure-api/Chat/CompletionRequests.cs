using System.Text.Json;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Net.Http.Headers;

namespace Acme.App.Chat;

/// <summary>Turns a request in Mistral's wire into what goes along the road. What cannot be guarded or translated is refused, by its path.</summary>
internal static class CompletionRequests
{
    public const string NoSuchField = "There is no such field.";

    private const string NoLink = "It must be an https address, or data in base64 whose type fits and has no other parameter than a charset.";

    private const int LongestName = 64;
    private const int LongestType = 127;
    private const int MostTools = 128;
    private const int MostStops = 16;

    public static List<ChatMessage> ToMessages(CompletionRequest request) =>
        [.. (request.Messages ?? []).Select((message, index) => ToMessage(message, $"messages[{index}]"))];

    public static ChatOptions ToOptions(CompletionRequest request)
    {
        if (request.N is not (null or 1))
            throw Refused("n", "Only one answer can be asked for.");
        if (request.Tools is { Count: > MostTools })
            throw Refused("tools", $"There must be at most {MostTools} tools.");
        var choice = ChoiceOf(request.ToolChoice);
        if (choice is RequiredChatToolMode && request.Tools is not { Count: > 0 })
            throw Refused("tool_choice", "There are no tools to choose from.");
        return new ChatOptions
        {
            ModelId = request.Model,
            Temperature = request.Temperature,
            TopP = request.TopP is null or (> 0 and <= 1) ? request.TopP : throw Refused("top_p", "It must be above 0 and at most 1."),
            MaxOutputTokens = One(request.MaxTokens, request.MaxCompletionTokens, "max_completion_tokens"),
            Seed = One(request.RandomSeed, request.Seed, "seed") is not < 0 and var seed ? seed : throw Refused("random_seed", "It must not be negative."),
            StopSequences = StopsOf(request.Stop),
            ResponseFormat = FormatOf(request.ResponseFormat),
            Tools = request.Tools?.Select((tool, index) => ToTool(tool, $"tools[{index}]")).ToList<AITool>(),
            ToolMode = choice,
            AllowMultipleToolCalls = request.ParallelToolCalls,
            PresencePenalty = Penalty(request.PresencePenalty, "presence_penalty"),
            FrequencyPenalty = Penalty(request.FrequencyPenalty, "frequency_penalty"),
            AdditionalProperties = OthersOf(request),
        };
    }

    /// <summary>A refusal of one field, in the words of <see cref="ChatRefusedException"/>.</summary>
    public static ChatRefusedException Refused(string path, string rule) =>
        new(ChatRefusedException.InvalidRequest, $"The request breaks the rules of {path}. {rule}")
        {
            Errors = new Dictionary<string, string[]> { [path] = [rule] },
        };

    private static ChatMessage ToMessage(CompletionMessage? message, string path) => message?.Role switch
    {
        _ when message is null => throw Refused(path, "A message must be an object."),
        _ when message.Others?.FirstOrDefault(other => !SaysNothing(other.Value) && !IsOfNothing(other.Value)) is { Key: { } unknown } =>
            throw Refused(path.Length + unknown.Length < RequestBody.LongestPath ? $"{path}.{unknown}" : path, NoSuchField),
        not "tool" when message.Name is not null => throw Refused($"{path}.name", "Only a tool's message is named."),
        not "assistant" when message.ToolCalls is not null => throw Refused($"{path}.tool_calls", "Only an assistant's message calls tools."),
        not "assistant" when message.Prefix is not null => throw Refused($"{path}.prefix", "Only an assistant's message can begin the answer."),
        not "tool" when message.ToolCallId is not null => throw Refused($"{path}.tool_call_id", "Only a tool's message answers a call."),
        "system" or "developer" => new ChatMessage(ChatRole.System, ContentsOf(message.Content, $"{path}.content")),
        "user" => new ChatMessage(ChatRole.User, ContentsOf(message.Content, $"{path}.content")),
        "assistant" => new ChatMessage(
            ChatRole.Assistant, [.. ContentsOf(message.Content, $"{path}.content"), .. CallsOf(message.ToolCalls, $"{path}.tool_calls")])
        {
            AdditionalProperties = message.Prefix == true ? new() { [WireMessages.Prefix] = true } : null,
        },
        "tool" when message.ToolCallId is { } call =>
            new ChatMessage(ChatRole.Tool,
            [
                With(
                    new FunctionResultContent(call, TextOf(message.Content, $"{path}.content")),
                    WireMessages.ToolName, message.Name is "" ? null : message.Name),
            ]),
        "tool" => throw Refused($"{path}.tool_call_id", "It must name the call that is answered."),
        _ => throw Refused($"{path}.role", "The role must be system, user, assistant or tool."),
    };

    private static List<AIContent> ContentsOf(WireContent? content, string path) => content switch
    {
        { Chunks: { } chunks } => [.. chunks.Select((chunk, index) => ToContent(chunk, $"{path}[{index}]"))],
        { Text: { } text } => [new TextContent(text)],
        _ => [],
    };

    /// <summary>Clients send fields that they know and nobody has set; there is nothing in them to drop.</summary>
    private static bool SaysNothing(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);

    private static bool IsOfNothing(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(field => SaysNothing(field.Value));

    private static AIContent ToContent(WireChunk? chunk, string path) => chunk?.Type switch
    {
        _ when chunk is not null && FieldOfAnotherType(chunk) is { } field => throw Refused($"{path}.{field}", "A chunk of this type has no such field."),
        "text" => new TextContent(chunk.Text ?? throw Refused($"{path}.text", "It must be a text.")),
        "thinking" => With(
            new TextReasoningContent(TextOf(chunk.Thinking, $"{path}.thinking")) { ProtectedData = chunk.Signature }, WireMessages.Closed, chunk.Closed),
        "image_url" => ToImage(chunk.ImageUrl, $"{path}.image_url"),
        "document_url" => With(ToLink(chunk.DocumentUrl, "application/octet-stream", $"{path}.document_url"), WireMessages.DocumentName, chunk.DocumentName),
        "file" when Guid.TryParse(chunk.FileId, out var id) => new HostedFileContent($"{id}"),
        "file" => throw Refused($"{path}.file_id", "It must be a file's id, a UUID."),
        "input_audio" when chunk.InputAudio is { } audio && !audio.Contains(':') => ToLink($"data:audio/mpeg;base64,{audio}", "audio/*", $"{path}.input_audio"),
        "input_audio" => ToLink(chunk.InputAudio, "audio/*", $"{path}.input_audio"),
        "reference" => new ReferenceContent(chunk.ReferenceIds ?? throw Refused($"{path}.reference_ids", "They must be named.")),
        _ => throw Refused($"{path}.type", "The type must be text, thinking, image_url, document_url, file, input_audio or reference."),
    };

    private static string? FieldOfAnotherType(WireChunk chunk)
    {
        (string Type, string Field, bool IsSet)[] fields =
        [
            ("text", "text", chunk.Text is not null),
            ("thinking", "thinking", chunk.Thinking is not null),
            ("thinking", "signature", chunk.Signature is not null),
            ("thinking", "closed", chunk.Closed is not null),
            ("image_url", "image_url", chunk.ImageUrl is { ValueKind: not JsonValueKind.Null }),
            ("document_url", "document_url", chunk.DocumentUrl is not null),
            ("document_url", "document_name", chunk.DocumentName is not null),
            ("file", "file_id", chunk.FileId is not null),
            ("input_audio", "input_audio", chunk.InputAudio is not null),
            ("reference", "reference_ids", chunk.ReferenceIds is not null),
        ];
        return fields.Any(field => field.Type == chunk.Type) ? fields.FirstOrDefault(field => field.IsSet && field.Type != chunk.Type).Field : null;
    }

    /// <summary>A client may write the address itself or an object around it.</summary>
    private static AIContent ToImage(JsonElement? image, string path)
    {
        Dictionary<string, JsonElement> parts = image switch
        {
            { ValueKind: JsonValueKind.Object } written => written.EnumerateObject().ToDictionary(part => part.Name, part => part.Value),
            { } address => new() { ["url"] = address },
            _ => [],
        };
        if (parts.Any(part => part.Key is not ("url" or "detail") || part.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.String)))
            throw Refused(path, "It must be an address, or an object of url and detail.");
        var (link, detail) = (TextOf("url"), TextOf("detail"));
        return detail is null or "low" or "auto" or "high"
            ? With(ToLink(link, "image/*", path), WireMessages.Detail, detail)
            : throw Refused($"{path}.detail", "It must be low, auto or high.");

        string? TextOf(string name) => parts.TryGetValue(name, out var part) ? part.GetString() : null;
    }

    /// <param name="mediaType">What an address leads to; of data, only its first part is held against what the data says of itself.</param>
    private static AIContent ToLink(string? address, string mediaType, string path)
    {
        try
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var link) && link.Scheme == Uri.UriSchemeHttps)
                return new UriContent(link, mediaType);
            var data = address is not null && address.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? new DataContent(address) : null;
            return data is not null && IsPlain(data.MediaType)
                && (mediaType.StartsWith("application/", StringComparison.Ordinal) || data.HasTopLevelMediaType(mediaType.Split('/')[0]))
                ? data
                : throw Refused(path, NoLink);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            throw Refused(path, NoLink);
        }
    }

    /// <summary>Whether data calls itself no more than a type and a charset: what else stands there would be passed on.</summary>
    private static bool IsPlain(string mediaType) => mediaType.Length <= LongestType && MediaTypeHeaderValue.TryParse(mediaType, out var read)
        && read.Parameters.All(parameter => parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase));

    private static AIContent With(AIContent content, string name, object? value)
    {
        content.AdditionalProperties = value is null ? null : new() { [name] = value };
        return content;
    }

    private static string TextOf(WireContent? content, string path) => string.Concat(
        ContentsOf(content, path).Select(part => part is TextContent text ? text.Text : throw Refused(path, "It must be text.")));

    private static IEnumerable<AIContent> CallsOf(IReadOnlyList<WireToolCall?>? calls, string path) =>
        (calls ?? []).Select((call, index) => ToCall(call, $"{path}[{index}]"));

    /// <summary>A call that the model wrote badly comes back as it was, with what is wrong with it as its result.</summary>
    private static FunctionCallContent ToCall(WireToolCall? call, string path)
    {
        if (call is not { Id: { Length: > 0 } id, Function: { } function })
            throw Refused(path, "A call must have an id and a function.");
        var name = Name(function.Name, $"{path}.function.name");
        try
        {
            return new FunctionCallContent(id, name, ArgumentsOf(function.Arguments));
        }
        catch (JsonException)
        {
            return (FunctionCallContent)With(new FunctionCallContent(id, name), ToolCallBuilder.Malformed, function.Arguments);
        }
    }

    private static Dictionary<string, object?> ArgumentsOf(string? arguments) => string.IsNullOrWhiteSpace(arguments)
        ? []
        : JsonSerializer.Deserialize(arguments, CompletionJsonContext.Default.DictionaryStringJsonElement)?
            .ToDictionary(argument => argument.Key, argument => (object?)argument.Value) ?? [];

    private static DeclaredFunction ToTool(WireTool? tool, string path)
    {
        if (tool is not { Type: "function" or null, Function: { } function })
            throw Refused($"{path}.type", "A tool must be a function.");
        var schema = function.Parameters.ValueKind switch
        {
            JsonValueKind.Object => function.Parameters,
            JsonValueKind.Undefined or JsonValueKind.Null => JsonElement.Parse("{}"),
            _ => throw Refused($"{path}.function.parameters", "The parameters must be a JSON schema."),
        };
        return new DeclaredFunction(Name(function.Name, $"{path}.function.name"), function.Description ?? "", schema, function.Strict);
    }

    private static string Name(string? name, string path) =>
        name is { Length: > 0 and <= LongestName } && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')
            ? name
            : throw Refused(path, $"A name must have 1 to {LongestName} ASCII letters, digits, underscores or hyphens.");

    private static List<string>? StopsOf(JsonElement? stop) => stop switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() <= MostStops
            && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. list.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw Refused("stop", $"It must be a string or at most {MostStops} strings."),
    };

    private static ChatResponseFormat? FormatOf(WireResponseFormat? format) => format switch
    {
        null => null,
        { Type: "text" } => ChatResponseFormat.Text,
        { Type: "json_object" } => ChatResponseFormat.Json,
        { Type: "json_schema", JsonSchema: { Schema.ValueKind: JsonValueKind.Object } schema } =>
            ChatResponseFormat.ForJsonSchema(schema.Schema, Name(schema.Name, "response_format.json_schema.name"), schema.Description),
        _ => throw Refused("response_format", "The type must be text, json_object, or json_schema with its schema."),
    };

    private static ChatToolMode? ChoiceOf(JsonElement? choice) => choice switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } word => word.GetString() switch
        {
            "auto" => ChatToolMode.Auto,
            "none" => ChatToolMode.None,
            "any" or "required" => ChatToolMode.RequireAny,
            _ => throw Refused("tool_choice", "It must be auto, none, any, required or a function."),
        },
        { ValueKind: JsonValueKind.Object } chosen when chosen.TryGetProperty("function", out var function) && function.ValueKind == JsonValueKind.Object
            && function.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String =>
            ChatToolMode.RequireSpecific(Name(name.GetString(), "tool_choice.function.name")),
        _ => throw Refused("tool_choice", "It must be auto, none, any, required or a function."),
    };

    /// <summary>What Mistral takes and this program has nothing to say to goes on, by its kind of JSON; what nobody knows is refused by its name.</summary>
    private static AdditionalPropertiesDictionary? OthersOf(CompletionRequest request)
    {
        AdditionalPropertiesDictionary others = [];
        if (request.ResponseFormat?.JsonSchema is { } schema)
            others[WireRequest.StrictSchema] = schema.Strict ?? false;
        foreach (var (name, value) in request.Others ?? [])
        {
            if (!WireRequest.PassedOn.TryGetValue(name, out var kind) && SaysNothing(value))
                continue;
            if (kind == JsonValueKind.Undefined)
                throw Refused(name.Length is > 0 and <= RequestBody.LongestPath ? name : "$", NoSuchField);
            if (value.ValueKind != kind && !(kind == JsonValueKind.True && value.ValueKind == JsonValueKind.False) && value.ValueKind != JsonValueKind.Null)
                throw Refused(name, $"It must be {(kind == JsonValueKind.True ? "true or false" : $"of the type {kind.ToString().ToLowerInvariant()}")}.");
            if (value.ValueKind != JsonValueKind.Null)
                others[name] = value;
        }

        return others.Count > 0 ? others : null;
    }

    private static T? One<T>(T? own, T? other, string path)
        where T : struct => own is null || other is null ? own ?? other : throw Refused(path, "It has two names; set one of them.");

    private static float? Penalty(float? value, string path) => value is null or (>= -2 and <= 2) ? value : throw Refused(path, "It must be -2 to 2.");

    /// <summary>A function as its caller declares it; it is the caller who calls it.</summary>
    private sealed class DeclaredFunction(string name, string description, JsonElement schema, bool? strict) : AIFunctionDeclaration
    {
        public override string Name => name;

        public override string Description => description;

        public override JsonElement JsonSchema => schema;

        public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } = new Dictionary<string, object?> { [WireRequest.Strict] = strict };
    }
}
