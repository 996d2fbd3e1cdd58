using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Mistral's chat. Safe for many callers at once; it never changes the caller's options.</summary>
internal sealed class MistralChatClient(MistralApi api, IOptions<MistralOptions> options) : IChatClient
{
    private const string Path = "chat/completions";

    private readonly ChatClientMetadata _metadata = new("mistral_ai", options.Value.Endpoint, options.Value.Model);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var answer = await SendAsync(messages, options, stream: false, cancellationToken);
        return WireAnswers.ToResponse(await answer.ReadAsync(MistralJsonContext.Default.WireAnswer, cancellationToken), answer);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var answer = await SendAsync(messages, options, stream: true, cancellationToken);
        if (answer.MediaType == "application/json")
        {
            var whole = await answer.ReadAsync(MistralJsonContext.Default.WireAnswer, cancellationToken);
            foreach (var part in WireAnswers.ToResponse(whole, answer).ToChatResponseUpdates())
                yield return part;
            yield break;
        }

        if (answer.MediaType is not (null or "text/event-stream"))
            throw answer.Unreadable();
        await foreach (var update in ReadEventsAsync(answer, cancellationToken))
            yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
    }

    private Task<MistralAnswer> SendAsync(IEnumerable<ChatMessage> messages, ChatOptions? chat, bool stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return api.PostAsync(Path, WireRequests.From(messages, chat, options.Value, stream), MistralJsonContext.Default.WireRequest, cancellationToken);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> ReadEventsAsync(MistralAnswer answer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var calls = new ToolCallBuilder();
        var (first, finished) = (true, false);
        await foreach (var item in SseParser.Create(answer.Body, (_, data) => Parse(data, answer)).EnumerateAsync(cancellationToken))
        {
            if (item.Data is not { } wire)
                yield break;
            var update = WireAnswers.ToUpdate(wire, calls, answer);
            finished |= update.FinishReason is not null;
            if (first)
                update.AdditionalProperties = WireAnswers.Properties(answer);
            first = false;
            yield return update;
        }

        if (!finished)
            throw new MistralException(MistralErrorKind.BrokenStream, "Mistral's answer ended before it was finished.") { CorrelationId = answer.CorrelationId };
    }

    /// <returns>The chunk, or null for the end of the stream.</returns>
    private static WireAnswer? Parse(ReadOnlySpan<byte> data, MistralAnswer answer)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
            return null;
        try
        {
            var wire = JsonSerializer.Deserialize(data, MistralJsonContext.Default.WireAnswer);
            return wire is { Choices: not null } or { Usage: not null } ? wire : throw MistralErrors.FromEvent(data.ToArray(), answer.CorrelationId);
        }
        catch (JsonException)
        {
            throw answer.Unreadable();
        }
    }
}
