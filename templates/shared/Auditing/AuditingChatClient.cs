using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Acme.App.Auditing;

/// <summary>
/// Leaves one record of every chat, however it ends. It is the outermost part of the road, so that what a guard refused is
/// recorded like what was answered; the answer leaves only after its record.
/// </summary>
internal sealed class AuditingChatClient(IChatClient inner, AuditLog audit, AuditedCalls calls) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        audit.EnsureAvailable();
        messages = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        using var call = calls.Begin(messages, options);
        ChatResponse response;
        try
        {
            response = await base.GetResponseAsync(messages, options, cancellationToken);
        }
        catch (Exception exception)
        {
            await audit.WriteAsync(call.Failed(exception, cancellationToken.IsCancellationRequested));
            throw;
        }

        foreach (var update in response.ToChatResponseUpdates())
            call.Observe(update);
        await audit.WriteAsync(call.Completed());
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        audit.EnsureAvailable();
        messages = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        using var call = calls.Begin(messages, options);

        // Until the stream has ended one way or the other, the caller is the one who can leave.
        var record = () => call.Left();
        try
        {
            await using var updates = base.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                        break;
                }
                catch (Exception exception)
                {
                    record = () => call.Failed(exception, cancellationToken.IsCancellationRequested);
                    throw;
                }

                call.Observe(updates.Current);
                yield return updates.Current;
            }

            record = call.Completed;
        }
        finally
        {
            await audit.WriteAsync(record());
        }
    }
}
