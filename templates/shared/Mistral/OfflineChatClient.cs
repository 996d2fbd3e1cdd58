using Microsoft.Extensions.AI;

namespace Acme.App.Mistral;

/// <summary>
/// Answers without Mistral, the same each time, and says so. For a first try without a key: <c>Mistral:Offline</c> chooses it,
/// where the environment's policy allows it.
/// </summary>
internal sealed class OfflineChatClient : IChatClient
{
    private const string ModelId = "offline-stand-in";
    private const int LongestEcho = 200;

    private readonly ChatClientMetadata _metadata = new("offline", defaultModelId: ModelId);

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Answer([.. messages], cancellationToken).ToAsyncEnumerable();

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
    }

    private static IEnumerable<ChatResponseUpdate> Answer(ChatMessage[] conversation, CancellationToken cancellationToken)
    {
        var question = conversation.LastOrDefault(message => message.Role == ChatRole.User)?.Text ?? "";
        if (question.Length > LongestEcho)
            question = question[..(char.IsHighSurrogate(question[LongestEcho - 1]) ? LongestEcho - 1 : LongestEcho)];
        var words = $"This is the offline stand-in; no model was asked. You said: {question}".Split(' ');
        var asked = conversation.Sum(message => message.Text.Split(' ').Length);
        foreach (var (index, word) in words.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return Update(new TextContent(index == 0 ? word : $" {word}"), null);
        }

        var usage = new UsageDetails { InputTokenCount = asked, OutputTokenCount = words.Length, TotalTokenCount = asked + words.Length };
        yield return Update(new UsageContent(usage), ChatFinishReason.Stop);
    }

    private static ChatResponseUpdate Update(AIContent content, ChatFinishReason? finish) =>
        new(ChatRole.Assistant, [content]) { ResponseId = "offline", MessageId = "offline", ModelId = ModelId, FinishReason = finish };
}
