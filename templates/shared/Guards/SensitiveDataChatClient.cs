using System.Runtime.CompilerServices;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Guards what goes in to Mistral and what comes out, streamed or not, tools' arguments included.</summary>
internal sealed class SensitiveDataChatClient(IChatClient innerClient, IOptions<GuardOptions> options) : DelegatingChatClient(innerClient)
{
    private readonly TextGuard _input = new(options.Value, isOutput: false);
    private readonly TextGuard _output = new(options.Value, isOutput: true);

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var kinds = new HashSet<SensitiveKind>();
        var (asked, complete) = Judge(() => GuardInput(messages, options, kinds));
        var response = await base.GetResponseAsync(asked, complete, cancellationToken);
        return Judge(() => GuardAnswer(response, kinds));
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var kinds = new HashSet<SensitiveKind>();
        var (asked, complete) = Judge(() => GuardInput(messages, options, kinds));
        var stream = new GuardedStream(_output);
        ChatResponseUpdate? last = null;
        await foreach (var update in base.GetStreamingResponseAsync(asked, complete, cancellationToken))
        {
            last = update.Clone();
            last.RawRepresentation = null;
            last.Contents = Judge(() => stream.Push(update.Contents, isFinal: update.FinishReason is not null));
            Report(stream.Kinds, kinds);
            yield return last;
        }

        var rest = Judge(() => stream.Push([], isFinal: true));
        Report(stream.Kinds, kinds);
        if (rest.Count > 0)
            yield return new ChatResponseUpdate(last?.Role, rest)
            {
                ResponseId = last?.ResponseId,
                MessageId = last?.MessageId,
                ModelId = last?.ModelId,
                CreatedAt = last?.CreatedAt,
            };
    }

    /// <summary>A guard that throws has judged nothing, so nothing passes. What it threw may quote the text, and stays here.</summary>
    private static T Judge<T>(Func<T> guard)
    {
        try
        {
            return guard();
        }
        catch (Exception failure) when (failure is not ChatRefusedException)
        {
            GuardKinds.CountFailed("sensitive-data");
            throw new ChatRefusedException(
                ChatRefusedException.GuardFailed, $"The guard of sensitive data failed ({failure.GetType().Name}), and nothing passes unguarded.");
        }
    }

    private (IReadOnlyList<ChatMessage> Messages, ChatOptions? Options) GuardInput(
        IEnumerable<ChatMessage> messages, ChatOptions? options, HashSet<SensitiveKind> reported)
    {
        var kinds = new HashSet<SensitiveKind>();
        List<ChatMessage> safe = [];
        foreach (var message in messages)
        {
            // What Mistral's client keeps of the wire's own words has passed no guard.
            var copy = message.Clone();
            copy.Contents = _input.Guard(message.Contents, kinds);
            copy.RawRepresentation = null;
            _input.RefuseBlocked(kinds);
            safe.Add(copy);
        }

        RefuseInOptions(options);
        var guarded = GuardOptions(options, kinds);
        _input.RefuseBlocked(kinds);
        Report(kinds, reported);
        return (safe, guarded);
    }

    private ChatOptions? GuardOptions(ChatOptions? options, HashSet<SensitiveKind> kinds)
    {
        if (options is not ({ Instructions: not null } or { AdditionalProperties.Count: > 0 }))
            return options;
        var guarded = options.Clone();
        guarded.Instructions = options.Instructions is { } instructions ? _input.Apply(instructions, kinds) : null;
        foreach (var (name, value) in options.AdditionalProperties ?? [])
        {
            if (WireRequest.JsonOf(name, value) is { } json)
                guarded.AdditionalProperties![name] = ((FunctionResultContent)_input.Guard(new FunctionResultContent(name, json), kinds)).Result;
        }

        return guarded;
    }

    /// <summary>Tools, the answer's schema and stop sequences go to Mistral as well. A mask would change what they mean, so they are refused.</summary>
    private void RefuseInOptions(ChatOptions? options)
    {
        object?[] parts =
        [
            .. options?.StopSequences ?? [],
            (options?.ToolMode as RequiredChatToolMode)?.RequiredFunctionName,
            .. (options?.Tools ?? []).SelectMany(tool => new object?[] { tool.Name, tool.Description, (tool as AIFunctionDeclaration)?.JsonSchema }),
            .. options?.ResponseFormat is ChatResponseFormatJson json ? new object?[] { json.SchemaName, json.SchemaDescription, json.Schema } : [],
        ];
        var found = new HashSet<SensitiveKind>();
        // As a tool's result, since that is read through JSON: an escaped letter hides nothing.
        if (Array.Exists(parts, part => part is not null))
            _input.Guard(new FunctionResultContent("", parts), found);
        if (found.Count > 0)
            throw new ChatRefusedException(ChatRefusedException.SensitiveData, "A tool, the answer's schema or a stop sequence holds sensitive data.")
            {
                Kinds = Report(found, []),
            };
    }

    private ChatResponse GuardAnswer(ChatResponse response, HashSet<SensitiveKind> reported)
    {
        var found = new HashSet<SensitiveKind>();
        foreach (var message in response.Messages)
        {
            message.Contents = _output.Guard(message.Contents, found);
            message.RawRepresentation = null;
        }

        _output.RefuseBlocked(found);
        response.RawRepresentation = null;
        Report(found, reported);
        return response;
    }

    /// <summary>Tells of each kind once for a chat.</summary>
    private static string[] Report(IEnumerable<SensitiveKind> kinds, HashSet<SensitiveKind> reported)
    {
        string[] names = [.. kinds.Where(reported.Add).Select(TextGuard.NameOf)];
        foreach (var name in names)
        {
            GuardKinds.CountFound(name);
            GuardKinds.Tell(name);
        }

        return names;
    }
}
