using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>
/// Answers without Mistral, the same each time, and says so. For a first try without a key: <c>Mistral:Offline</c> chooses it,
/// where the environment's policy allows it.
/// </summary>
internal sealed class OfflineChatClient(TimeProvider time) : IChatClient
{
    private const string ModelId = "offline-stand-in";
    private const int LongestEcho = 200;

    private readonly ChatClientMetadata _metadata = new("offline", defaultModelId: ModelId);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var conversation = messages.ToList();
        var question = conversation.LastOrDefault(message => message.Role == ChatRole.User)?.Text ?? "";
        var answer = $"This is the offline stand-in; no model was asked. You said: {(question.Length > LongestEcho ? $"{question[..LongestEcho]}…" : question)}";
        var words = answer.Split(' ');
        var (id, created) = (Guid.NewGuid().ToString("N"), time.GetUtcNow());
        foreach (var (index, word) in words.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return Update(new TextContent(index == 0 ? word : $" {word}"));
        }

        var asked = conversation.Sum(message => message.Text.Split(' ').Length);
        var last = Update(new UsageContent(new() { InputTokenCount = asked, OutputTokenCount = words.Length, TotalTokenCount = asked + words.Length }));
        last.FinishReason = ChatFinishReason.Stop;
        yield return last;

        ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content])
        {
            ResponseId = id,
            MessageId = id,
            ModelId = ModelId,
            CreatedAt = created,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
    }
}
