using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace Acme.App.Guards;

/// <summary>Applies a guard to every text that a message's content carries: words, thoughts, what tools are asked and what they answer.</summary>
internal static class GuardedContent
{
    private const int LongestNumber = 20;

    private static readonly string[] s_textual = ["json", "ndjson", "jsonl", "jsonlines", "json5", "xml", "yaml", "javascript", "sql", "csv"];

    // What calls itself Latin-1 is this (WHATWG, Encoding Standard), of which each byte is a character.
    private static readonly Encoding s_anyByte = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    /// <summary>Guards a message's contents. Whoever shows its texts shows them joined: what is sought may be cut over several, with others between.</summary>
    public static List<AIContent> Guard(this TextGuard guard, IList<AIContent> contents, ISet<SensitiveKind> kinds)
    {
        List<AIContent> guarded = [];
        var joined = guard.GuardJoined(contents.OfType<TextContent>(), kinds);
        for (var index = 0; index < contents.Count; index++)
        {
            var content = contents[index];
            if (content is TextContent && joined is not null)
            {
                if (joined.Length > 0)
                    guarded.Add(WithText(content, joined));
                joined = "";
                continue;
            }

            var thoughts = contents.Skip(index).TakeWhile(other => other is TextReasoningContent).ToList();
            if (guard.GuardJoined(thoughts, kinds) is { } thought)
                guarded.Add(new TextReasoningContent(thought));
            else
                guarded.AddRange(contents.Skip(index).Take(Math.Max(1, thoughts.Count)).Select(one => guard.Guard(one, kinds)));
            index += Math.Max(0, thoughts.Count - 1);
        }

        return guarded;
    }

    /// <summary>Several texts as one, guarded; null where what there is to find lies within each of them.</summary>
    private static string? GuardJoined(this TextGuard guard, IEnumerable<AIContent> contents, ISet<SensitiveKind> kinds)
    {
        List<string> texts = [.. contents.Select(content => content.ToString() ?? "")];
        if (texts.Count < 2)
            return null;
        var whole = string.Concat(texts);
        var guarded = guard.Apply(whole, kinds);
        if (ReferenceEquals(guarded, whole))
            return null;
        // What was hidden is shown behind its own text, and parts no others.
        return Redacted(whole) == string.Concat(texts.Select(Redacted)) ? null : guarded;

        string Redacted(string text) => guard.Apply(guard.WithoutHidden(text), new HashSet<SensitiveKind>());
    }

    /// <summary>Gives the content guarded and without the wire's own words, in a copy where its text had to change.</summary>
    public static AIContent Guard(this TextGuard guard, AIContent content, ISet<SensitiveKind> kinds)
    {
        var guarded = guard.GuardTexts(content, kinds);
        guarded.RawRepresentation = null;
        guard.GuardSignature(guarded, kinds);
        foreach (var (name, value) in guarded.AdditionalProperties?.ToArray() ?? [])
        {
            // A tool's arguments that are no JSON stand there, with their escapes, and whoever calls it may read them all the same.
            if (value is not string text)
                continue;
            var safe = name == ToolCallBuilder.Malformed
                ? guard.Apply(name, guard.GuardEscaped(name, text, kinds), kinds)
                : guard.GuardJsonOrText(name, text, kinds);
            if (!ReferenceEquals(safe, text))
                guarded.AdditionalProperties![name] = safe;
        }

        return guarded;
    }

    /// <summary>A thought's signature cannot be masked and still be one: it goes as a whole.</summary>
    public static void GuardSignature(this TextGuard guard, AIContent content, ISet<SensitiveKind> kinds)
    {
        if (content is TextReasoningContent { ProtectedData: { } signature } thought && !ReferenceEquals(guard.Apply(signature, kinds), signature))
            thought.ProtectedData = null;
    }

    public static AIContent WithText(AIContent content, string text) => content is TextReasoningContent thought
        ? new TextReasoningContent(text) { ProtectedData = thought.ProtectedData, AdditionalProperties = thought.AdditionalProperties }
        : new TextContent(text) { Annotations = content.Annotations, AdditionalProperties = content.AdditionalProperties };

    /// <summary>
    /// How many characters a message has, with all that stands in it as text: tools' arguments and results, documents, signatures, names and
    /// addresses.
    /// </summary>
    public static int LengthOf(ChatMessage message) => message.Contents.Sum(LengthOf);

    /// <summary>How many characters go along with the messages: tools, the answer's schema, stop sequences and whatever Mistral is given as JSON.</summary>
    public static long LengthOf(ChatOptions options) =>
        (options.StopSequences ?? []).Sum(stop => stop.Length)
        + (options.Tools ?? []).Sum(tool => tool.Name.Length + tool.Description.Length + LengthOf((tool as AIFunctionDeclaration)?.JsonSchema))
        + (options.ResponseFormat is ChatResponseFormatJson json ? LengthOf(json.Schema) + (json.SchemaDescription?.Length ?? 0) : 0)
        + (options.AdditionalProperties ?? []).Values.OfType<JsonElement>().Sum(value => LengthOf(value));

    /// <summary>Whether content is a document that is text: it says so, or has nothing in it that is none.</summary>
    public static bool IsText(DataContent data) => data.HasTopLevelMediaType("text")
        || data.MediaType.Split(';')[0].Split('/', '+', '-', '.', ' ').Intersect(s_textual, StringComparer.OrdinalIgnoreCase).Any()
        || (Utf8.IsValid(data.Data.Span) && data.Data.Span.IndexOfAnyInRange((byte)0, (byte)8) < 0);

    private static int LengthOf(AIContent content) => content switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length + (thought.ProtectedData?.Length ?? 0),
        FunctionCallContent call => call.CallId.Length + call.Name.Length
            + (call.Arguments ?? new Dictionary<string, object?>()).Sum(argument => argument.Key.Length + TextOf(argument.Value).Length),
        FunctionResultContent result => result.CallId.Length + TextOf(result.Result).Length,
        ReferenceContent reference => reference.Ids.Count * LongestNumber,
        UriContent link => link.Uri.OriginalString.Length,
        DataContent data => (data.Name?.Length ?? 0) + (IsText(data) ? data.Data.Length : 0),
        HostedFileContent file => file.FileId.Length,
        _ => 0,
    } + (content.AdditionalProperties?.Values.OfType<string>().Sum(text => text.Length) ?? 0);

    private static long LengthOf(JsonElement? json) => json is { ValueKind: not JsonValueKind.Undefined } value ? value.GetRawText().Length : 0;

    private static AIContent GuardTexts(this TextGuard guard, AIContent content, ISet<SensitiveKind> kinds)
    {
        switch (content)
        {
            case TextContent or TextReasoningContent:
                var text = content is TextContent words ? words.Text : ((TextReasoningContent)content).Text;
                var guarded = guard.Apply(text, kinds);
                return ReferenceEquals(guarded, text) ? content : WithText(content, guarded);
            case ErrorContent error:
                return new ErrorContent(guard.Apply(error.Message ?? "", kinds)) { ErrorCode = error.ErrorCode };
            case FunctionCallContent call:
                var safe = call.Arguments is null ? null : guard.GuardFields(call.Arguments, guard.GuardValue, kinds);
                return new FunctionCallContent(call.CallId, guard.Apply(null, call.Name, kinds), safe)
                {
                    AdditionalProperties = call.AdditionalProperties,
                    Exception = call.Exception,
                };
            case FunctionResultContent { Result: { } result } answer:
                return new FunctionResultContent(answer.CallId, guard.GuardValue(null, result, kinds)) { AdditionalProperties = answer.AdditionalProperties };
            case UriContent link:
                // Mistral decodes what is sent; a letter written as its number hides nothing.
                var address = Uri.UnescapeDataString(link.Uri.AbsoluteUri);
                guarded = guard.Apply(null, address, kinds);
                return guarded == address ? link : new TextContent(guarded);
            case DataContent typed when guard.Apply(null, typed.MediaType, kinds) is var type && type != typed.MediaType:
                return new TextContent(type);
            case DataContent data when IsText(data):
                return guard.GuardDocument(data, kinds);
            case DataContent { Name: { } name } data when guard.Apply(null, name, kinds) is var safeName && safeName != name:
                return new DataContent(data.Data, data.MediaType) { Name = safeName, AdditionalProperties = data.AdditionalProperties };
            case HostedFileContent file when guard.Apply(null, file.FileId, kinds) is var safeId && safeId != file.FileId:
                return new TextContent(safeId);
            default:
                return content;
        }
    }

    /// <summary>Judges a document in each encoding that it may have, and writes it anew only where there is something to mask or hidden.</summary>
    private static DataContent GuardDocument(this TextGuard guard, DataContent data, ISet<SensitiveKind> kinds)
    {
        var name = data.Name is null ? null : guard.Apply(null, data.Name, kinds);
        var bytes = data.Data;
        var told = ToldEncoding(data);
        // What it tells may not be so, nor need all of it be what most of it is.
        Encoding[] wide = told is not null || bytes.Span.Contains((byte)0) ? [Encoding.Unicode, Encoding.BigEndianUnicode] : [];
        Encoding[] single = Utf8.IsValid(bytes.Span) ? [] : [s_anyByte];
        foreach (var encoding in (Encoding[])[.. wide, .. single, Encoding.UTF8])
        {
            var mark = bytes.Span.StartsWith(encoding.Preamble) ? encoding.Preamble.Length : 0;
            var text = encoding.GetString(bytes.Span[mark..]);
            var found = new HashSet<SensitiveKind>();
            var guarded = guard.GuardJsonOrText(null, text, found);
            // Read in another encoding than its own, a text is noise, and a control character there a part of a letter.
            var isHiding = (encoding == told || encoding == Encoding.UTF8) && guarded != text && WithoutControls(guarded) != WithoutControls(text);
            if (found.Count > 0 || isHiding)
                bytes = (byte[])[.. bytes.Span[..mark], .. encoding.GetBytes(guarded)];
            kinds.UnionWith(found);
        }

        return name == data.Name && bytes.Equals(data.Data)
            ? data
            : new DataContent(bytes, data.MediaType) { Name = name, AdditionalProperties = data.AdditionalProperties };
    }

    private static string WithoutControls(string text) => string.Concat(text.Where(character => !char.IsControl(character)));

    /// <summary>UTF-16, where a document's byte order mark or its media type tells it.</summary>
    private static Encoding? ToldEncoding(DataContent data) => data.Data.Span switch
    {
        [0xFF, 0xFE, ..] => Encoding.Unicode,
        [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode,
        _ when data.MediaType.Contains("utf-16be", StringComparison.OrdinalIgnoreCase) => Encoding.BigEndianUnicode,
        _ when data.MediaType.Contains("utf-16", StringComparison.OrdinalIgnoreCase) => Encoding.Unicode,
        _ => null,
    };

    private static string TextOf(object? value) => value as string ?? JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions);

    /// <summary>Guards names and values; names that become one mask are told apart.</summary>
    private static Dictionary<string, T> GuardFields<T>(
        this TextGuard guard, IEnumerable<KeyValuePair<string, T>> fields, Func<string, T, ISet<SensitiveKind>, T> guardValue, ISet<SensitiveKind> kinds)
    {
        Dictionary<string, T> guarded = [];
        foreach (var (name, value) in fields)
        {
            var (safeName, safeValue) = (guard.Apply(null, name, kinds), guardValue(name, value, kinds));
            while (!guarded.TryAdd(safeName, safeValue))
                safeName += $" {guarded.Count}";
        }

        return guarded;
    }

    private static object? GuardValue(this TextGuard guard, string? name, object? value, ISet<SensitiveKind> kinds)
    {
        if (value is null or string)
            return value is string text ? guard.GuardJsonOrText(name, text, kinds) : null;

        try
        {
            var node = JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions);
            var before = node?.ToJsonString();
            var after = guard.GuardNode(name, node, kinds);
            return after?.ToJsonString() == before ? value : JsonSerializer.SerializeToElement(after, AIJsonUtilities.DefaultOptions);
        }
        catch (ArgumentException)
        {
            // A field stands there twice: its text is guarded, and where something was found it stays text.
            var text = value is JsonElement json ? json.GetRawText() : TextOf(value);
            var guarded = guard.GuardJsonOrText(name, text, kinds);
            return guarded == text ? value : guarded;
        }
    }

    /// <summary>
    /// Text that is itself JSON, as tools answer it, hides what it holds behind its escapes. Each level within another has twice the escapes,
    /// so that there are few.
    /// </summary>
    private static string GuardJsonOrText(this TextGuard guard, string? name, string text, ISet<SensitiveKind> kinds)
    {
        if (guard.WithoutHidden(text).AsSpan().TrimStart() is ['{' or '[' or '"', ..])
        {
            try
            {
                var node = JsonNode.Parse(text);
                var guarded = guard.GuardNode(name, node, kinds)!.ToJsonString();
                text = guarded == node!.ToJsonString() ? text : guarded;
            }
            catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
            {
                // A text that only begins like JSON, several values after one another, or a field that stands there twice.
                text = guard.GuardEscaped(name, text, kinds);
            }
        }

        return guard.Apply(name, text, kinds);
    }

    private static JsonNode? GuardNode(this TextGuard guard, string? name, JsonNode? node, ISet<SensitiveKind> kinds)
    {
        switch (node)
        {
            case JsonObject fields:
                return new JsonObject(guard.GuardFields(fields, guard.GuardNode, kinds));
            case JsonArray items:
                return new JsonArray([.. items.Select(item => guard.GuardNode(name, item, kinds))]);
            case JsonValue value when value.GetValueKind() is JsonValueKind.String or JsonValueKind.Number:
                var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
                var guarded = guard.GuardJsonOrText(name, text, kinds);
                return guarded == text ? value.DeepClone() : JsonValue.Create(guarded);
            default:
                return node?.DeepClone();
        }
    }
}
