using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Puts tool calls together: whole ones, and the fragments of one that a stream brings by index.</summary>
internal sealed class ToolCallBuilder
{
    /// <summary>Where malformed arguments stand, in the content's additional properties.</summary>
    public const string Malformed = "malformedArguments";

    private readonly List<Call> _calls = [];
    private readonly Dictionary<int, Call> _lastByIndex = [];

    /// <param name="fragments">Whole calls, or fragments of some.</param>
    /// <param name="areWhole">Whether they are whole: then two of one index are two.</param>
    public void Add(IReadOnlyList<WireToolCall?> fragments, bool areWhole)
    {
        foreach (var fragment in fragments.OfType<WireToolCall>())
        {
            // Mistral's schema gives an absent id the default "null", as a string.
            var id = fragment.Id is "null" or "" ? null : fragment.Id;
            var name = fragment.Function?.Name is { Length: > 0 } some ? some : null;
            if (areWhole || !_lastByIndex.TryGetValue(fragment.Index ?? 0, out var call) || IsOther(id, call.Id) || IsOther(name, call.Name)
                || (id is null && name is not null && call.Name is not null && (fragment.Index is null || IsWhole(call.Arguments))))
                _calls.Add(_lastByIndex[fragment.Index ?? 0] = call = new Call());
            call.Id ??= id;
            call.Name ??= name;
            call.Arguments.Append(fragment.Function?.Arguments);
        }
    }

    private static bool IsWhole(StringBuilder arguments)
    {
        try
        {
            return arguments is [.., '}'] or [.., '}', '\n'] && Read(arguments.ToString()) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsOther(string? told, string? known) => told is not null && known is not null && told != known;

    /// <summary>
    /// The calls; malformed arguments, as when the limit of tokens cut the call off, become the content's exception, for whoever would call
    /// the function to see, and stand beside it as they came.
    /// </summary>
    public IEnumerable<AIContent> Build(string? answerId) => _calls.Select((call, index) =>
    {
        var arguments = call.Arguments.ToString();
        var content = FunctionCallContent.CreateFromParsedArguments(
            arguments,
            call.Id ?? ToolCallIds.Derive(answerId ?? "", index),
            call.Name ?? "",
            static arguments => string.IsNullOrWhiteSpace(arguments) ? [] : Read(arguments));
        if (content.Exception is not null)
            content.AdditionalProperties = new() { [Malformed] = arguments };
        return content;
    });

    /// <summary>Reads each text as well: half a character in one would be found out too late, by whoever reads it next.</summary>
    private static Dictionary<string, object?>? Read(string arguments)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(arguments));
        while (reader.Read())
            _ = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? reader.GetString() : null;
        return JsonSerializer.Deserialize(arguments, MistralJsonContext.Default.DictionaryStringObject);
    }

    private sealed class Call
    {
        public string? Id { get; set; }
        public string? Name { get; set; }
        public StringBuilder Arguments { get; } = new();
    }
}
