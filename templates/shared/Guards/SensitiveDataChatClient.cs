using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Guards what goes in to Mistral and what comes out, streamed or not, tools' arguments included.</summary>
internal sealed class SensitiveDataChatClient(IChatClient innerClient, IOptions<GuardOptions> options) : DelegatingChatClient(innerClient)
{
    private readonly TextGuard _input = TextGuard.ForInput(options.Value);
    private readonly TextGuard _output = TextGuard.ForOutput(options.Value);

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var kinds = new HashSet<SensitiveKind>();
        (var safeMessages, options) = GuardInput(messages, options, kinds);
        var response = await base.GetResponseAsync(safeMessages, options, cancellationToken);
        var found = new HashSet<SensitiveKind>();
        foreach (var message in response.Messages)
        {
            for (var index = 0; index < message.Contents.Count; index++)
                message.Contents[index] = WithoutRaw(_output.Guard(message.Contents[index], found));
            message.RawRepresentation = null;
        }

        _output.RefuseBlocked(found, messageIndex: null);
        response.RawRepresentation = null;
        response.AdditionalProperties = GuardKinds.Join(response.AdditionalProperties, Report(kinds.Concat(found)));
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var kinds = new HashSet<SensitiveKind>();
        (var safeMessages, options) = GuardInput(messages, options, kinds);
        var stream = new GuardedStream(_output);
        ChatResponseUpdate? last = null;
        await foreach (var update in base.GetStreamingResponseAsync(safeMessages, options, cancellationToken))
        {
            last = update.Clone();
            last.RawRepresentation = null;
            last.Contents = stream.Push(update.Contents, isFinal: update.FinishReason is not null);
            _output.RefuseBlocked(stream.Kinds, messageIndex: null);
            yield return last;
        }

        var rest = stream.Push([], isFinal: true);
        _output.RefuseBlocked(stream.Kinds, messageIndex: null);
        var report = Report(kinds.Concat(stream.Kinds));
        if (rest.Count > 0 || report.Length > 0)
            yield return new ChatResponseUpdate(last?.Role, rest)
            {
                ResponseId = last?.ResponseId,
                MessageId = last?.MessageId,
                ModelId = last?.ModelId,
                AdditionalProperties = GuardKinds.Join(last?.AdditionalProperties, report),
            };
    }

    /// <summary>What Mistral's client keeps of the wire's own words has passed no guard.</summary>
    public static AIContent WithoutRaw(AIContent content)
    {
        content.RawRepresentation = null;
        return content;
    }

    private (IReadOnlyList<ChatMessage> Messages, ChatOptions? Options) GuardInput(IEnumerable<ChatMessage> messages, ChatOptions? options, HashSet<SensitiveKind> kinds)
    {
        List<ChatMessage> safe = [];
        foreach (var message in messages)
        {
            var found = new HashSet<SensitiveKind>();
            var contents = message.Contents.Select(content => _input.Guard(content, found)).ToList();
            _input.RefuseBlocked(found, safe.Count);
            kinds.UnionWith(found);
            safe.Add(contents.SequenceEqual(message.Contents) ? message : WithContents(message, contents));
        }

        RefuseInOptions(options);
        if (options?.Instructions is not { } instructions)
            return (safe, options);
        var heard = new HashSet<SensitiveKind>();
        var guarded = options.Clone();
        guarded.Instructions = _input.Apply(instructions, heard);
        _input.RefuseBlocked(heard, messageIndex: null);
        kinds.UnionWith(heard);
        return (safe, guarded);
    }

    /// <summary>Tools, the answer's schema and stop sequences go to Mistral as well. A mask in them would change what they mean, so what is found refuses.</summary>
    private void RefuseInOptions(ChatOptions? options)
    {
        IEnumerable<object?> parts =
        [
            .. options?.StopSequences ?? [],
            .. (options?.Tools ?? []).SelectMany(tool => new object?[] { tool.Name, tool.Description, (tool as AIFunctionDeclaration)?.JsonSchema }),
            .. options?.ResponseFormat is ChatResponseFormatJson json ? new object?[] { json.SchemaName, json.SchemaDescription, json.Schema } : [],
        ];
        var found = new HashSet<SensitiveKind>();
        // As a tool's result, since that is read through JSON: an escaped letter hides nothing.
        foreach (var part in parts.OfType<object>())
            _input.Guard(new FunctionResultContent("", part), found);
        if (found.Count > 0)
            throw new ChatRefusedException(ChatRefusedException.SensitiveData, "A tool, the answer's schema or a stop sequence holds sensitive data.")
            {
                Kinds = [.. found.Select(TextGuard.NameOf)],
            };
    }

    private static ChatMessage WithContents(ChatMessage message, IList<AIContent> contents)
    {
        var copy = message.Clone();
        copy.Contents = contents;
        copy.RawRepresentation = null;
        return copy;
    }

    private static string[] Report(IEnumerable<SensitiveKind> kinds)
    {
        string[] names = [.. kinds.Distinct().Select(TextGuard.NameOf)];
        foreach (var name in names)
            GuardKinds.CountFound(name);
        return names;
    }
}
