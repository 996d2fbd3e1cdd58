using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace MistralTemplates.Tests.Rooms.Guards;

/// <summary>Says what it was told to say, an update for each content.</summary>
internal sealed class ScriptedClient(params AIContent[] contents) : IChatClient
{
    public IReadOnlyList<ChatMessage>? Messages { get; private set; }

    public ChatOptions? Options { get; private set; }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        (Messages, Options) = ([.. messages], options);
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [.. contents])) { RawRepresentation = this });
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        (Messages, Options) = ([.. messages], options);
        foreach (var content in contents)
            yield return await Task.FromResult(new ChatResponseUpdate(ChatRole.Assistant, [content]) { RawRepresentation = this });
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
