using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>Puts tool calls together: whole ones, and the fragments of one that a stream brings by index.</summary>
internal sealed class ToolCallBuilder
{
    private readonly List<Call> _calls = [];
    private readonly Dictionary<int, Call> _openByIndex = [];

    public void Add(IReadOnlyList<WireToolCall>? fragments)
    {
        foreach (var fragment in fragments ?? [])
        {
            // Mistral's schema gives an absent id the default "null", as a string.
            var id = fragment.Id is "null" or "" ? null : fragment.Id;
            var index = fragment.Index ?? 0;
            if (!_openByIndex.TryGetValue(index, out var call) || (id is not null && call.Id is not null && id != call.Id))
                _calls.Add(_openByIndex[index] = call = new Call());
            call.Id ??= id;
            call.Name ??= fragment.Function?.Name;
            call.Arguments.Append(fragment.Function?.Arguments);
        }
    }

    /// <summary>Gives the calls away and starts anew.</summary>
    public void MoveTo(IList<AIContent> contents, string? answerId)
    {
        foreach (var (index, call) in _calls.Index())
        {
            contents.Add(FunctionCallContent.CreateFromParsedArguments(
                call.Arguments.ToString(), call.Id ?? ToolCallIds.Derive(answerId ?? "", index), call.Name ?? "", Parse));
        }

        _calls.Clear();
        _openByIndex.Clear();
    }

    /// <summary>A malformed text throws, which the content keeps as its exception for the caller of the function to see.</summary>
    private static Dictionary<string, object?>? Parse(string arguments) =>
        string.IsNullOrWhiteSpace(arguments) ? [] : JsonSerializer.Deserialize(arguments, MistralJsonContext.Default.DictionaryStringObject);

    private sealed class Call
    {
        public string? Id { get; set; }

        public string? Name { get; set; }

        public StringBuilder Arguments { get; } = new();
    }
}
