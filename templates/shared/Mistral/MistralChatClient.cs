using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Mistral's chat. Safe for many callers at once; it never changes the caller's options.</summary>
internal sealed class MistralChatClient(MistralApi api, IOptions<MistralOptions> settings) : IChatClient
{
    private readonly Uri _address = api.Address("chat/completions");
    private readonly ChatClientMetadata _metadata = new("mistral_ai", settings.Value.Endpoint, settings.Value.Model);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var answer = await SendAsync(messages, options, stream: false, cancellationToken);
        return await ReadWholeAsync(answer, cancellationToken);
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var answer = await SendAsync(messages, options, stream: true, cancellationToken);
        if (answer.MediaType == "application/json")
        {
            foreach (var part in (await ReadWholeAsync(answer, cancellationToken)).ToChatResponseUpdates())
                yield return part;
            yield break;
        }

        if (answer.MediaType is not (null or "text/event-stream"))
            throw answer.Unreadable();
        var (calls, first, begun, finished) = ((ToolCallBuilder?)null, true, false, false);
        await foreach (var item in SseParser.Create(answer, (_, data) => Parse(data, answer)).EnumerateAsync(cancellationToken))
        {
            if (item.Data is not { } wire)
            {
                finished |= begun;
                break;
            }

            var update = WireAnswers.ToUpdate(wire, ref calls, answer);
            if (first)
                update.AdditionalProperties = WireAnswers.Properties(answer);
            first = false;
            // Whoever guards the answer has ended with its end, and would take what follows for another.
            if (finished)
                update.Contents = [.. update.Contents.OfType<UsageContent>()];
            begun |= wire.Choices is [_, ..];
            finished |= update.FinishReason is not null;
            yield return update;
        }

        // A tool call whose end nobody told may not be whole.
        if (!finished || calls is not null)
            throw answer.Failure(MistralErrorKind.BrokenStream, "Mistral's answer ended before it was finished.");
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

    private Task<MistralAnswer> SendAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, bool stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var request = WireRequest.From(messages, options, settings.Value, stream);
        return api.SendAsync(_address, JsonSerializer.SerializeToUtf8Bytes(request, MistralJsonContext.Default.WireRequest), null, cancellationToken);
    }

    private static async ValueTask<ChatResponse> ReadWholeAsync(MistralAnswer answer, CancellationToken cancellationToken) =>
        WireAnswers.ToResponse(await answer.ReadAsync(MistralJsonContext.Default.WireAnswer, cancellationToken), answer);

    /// <returns>The chunk, or null for the end of the stream.</returns>
    private static WireAnswer? Parse(ReadOnlySpan<byte> data, MistralAnswer answer)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
            return null;
        try
        {
            var wire = JsonSerializer.Deserialize(data, MistralJsonContext.Default.WireAnswer);
            return wire is { Error: null, Object: not "error" } and ({ Choices: not null } or { Usage: not null })
                ? wire
                : throw MistralErrors.MidAnswer(data, answer.CorrelationId);
        }
        catch (JsonException)
        {
            throw answer.Unreadable();
        }
    }
}
