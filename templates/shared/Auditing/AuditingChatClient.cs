using System.Runtime.CompilerServices;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Auditing;

/// <summary>
/// Leaves one record of every chat, however it ends. It is the outermost part of the road, so that what a guard refused is
/// recorded like what was answered; an answer's end leaves only after its record.
/// </summary>
internal sealed class AuditingChatClient(
    IChatClient inner, AuditLog audit, AuditOptions options, AuditKeys auditKeys, ICallerAccessor callers, IApiKeys keys, IOptions<MistralOptions> mistral,
    IHostApplicationLifetime program, TimeProvider time) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        messages = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        using var call = Begin(messages, options);
        call.Enter();
        try
        {
            var response = await base.GetResponseAsync(messages, options, cancellationToken);
            call.Observe(response);
            await audit.WriteAsync(call.Completed());
            return response;
        }
        catch (Exception exception) when (exception is not AuditUnavailableException)
        {
            await audit.WriteAsync(call.Failed(exception, cancellationToken.IsCancellationRequested));
            throw;
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        messages = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        using var call = Begin(messages, options);

        // Until the stream has ended one way or the other, it is the caller who leaves.
        var end = call.Left;
        IAsyncEnumerator<ChatResponseUpdate>? updates = null;
        try
        {
            while (await MoveNextAsync())
            {
                call.Observe(updates!.Current);
                yield return updates.Current;
            }

            end = call.Completed;
        }
        finally
        {
            try
            {
                await (updates?.DisposeAsync() ?? default);
            }
            finally
            {
                await audit.WriteAsync(end());
            }
        }

        async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                call.Enter();
                // Who refuses a request may do so before there is a stream.
                updates ??= InnerClient.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
                return await updates.MoveNextAsync();
            }
            catch (Exception exception)
            {
                end = () => call.Failed(exception, cancellationToken.IsCancellationRequested);
                throw;
            }
        }
    }

    private AuditedCall Begin(IEnumerable<ChatMessage> messages, ChatOptions? chat)
    {
        audit.EnsureAvailable();
        var call = new AuditedCall(
            time, callers, program, chat?.ModelId ?? mistral.Value.Model, keys.CurrentOrDefault?.Fingerprint,
            options.HashContent ? auditKeys.Current : null);
        call.ObservePrompt(messages, chat?.Instructions);
        return call;
    }
}

internal static class AuditingChatClientBuilderExtensions
{
    public static ChatClientBuilder UseAuditing(this ChatClientBuilder builder) =>
        builder.Use((inner, services) => ActivatorUtilities.CreateInstance<AuditingChatClient>(services, inner));
}
