using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Acme.App.Access;
using Acme.App.Guards;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Acme.App.Chat;

/// <summary><c>POST /api/chat</c>: one answer, or a stream of server-sent events.</summary>
internal static class ChatApi
{
    private const string EndOfStream = "[DONE]";
    private const string ErrorEvent = "error";

    public static IEndpointRouteBuilder MapChat(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api").RequireAccess(AccessPolicies.Chat);
        group.MapPost("/chat", AnswerAsync);
        return endpoints;
    }

    private static async Task<Results<Ok<ChatResult>, ServerSentEventsResult<string>>> AnswerAsync(
        ChatRequest request, IChatClient chatClient, CancellationToken cancellationToken)
    {
        var messages = request.ToChatMessages();
        var options = request.ToChatOptions();
        if (!request.Stream)
            return TypedResults.Ok(ChatResult.FromResponse(await chatClient.GetResponseAsync(messages, options, cancellationToken)));

        // The first update is awaited before anything is sent, so that a refusal is still a status code.
        var updates = chatClient.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            var any = await updates.MoveNextAsync();
            return TypedResults.ServerSentEvents(StreamAsync(updates, any, cancellationToken));
        }
        catch
        {
            await updates.DisposeAsync();
            throw;
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> StreamAsync(
        IAsyncEnumerator<ChatResponseUpdate> updates, bool any, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<ChatResponseUpdate> received = [];
        ProblemDetails? problem = null;
        await using (updates)
        {
            while (any)
            {
                cancellationToken.ThrowIfCancellationRequested();
                received.Add(updates.Current);
                if (updates.Current.Text is { Length: > 0 } text)
                    yield return new SseItem<string>(JsonSerializer.Serialize(new ChatDelta(text), ChatJsonContext.Default.ChatDelta));
                (any, problem) = await MoveNextAsync(updates);
            }
        }

        if (problem is not null)
        {
            yield return new SseItem<string>(JsonSerializer.Serialize(problem, ChatJsonContext.Default.ProblemDetails), ErrorEvent);
            yield break;
        }

        yield return new SseItem<string>(JsonSerializer.Serialize(ChatResult.FromStream(received.ToChatResponse()), ChatJsonContext.Default.ChatResult));
        yield return new SseItem<string>(EndOfStream);
    }

    /// <summary>The status code has left already: a failure from here on is the stream's last event.</summary>
    private static async ValueTask<(bool Any, ProblemDetails? Problem)> MoveNextAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        try
        {
            return (await updates.MoveNextAsync(), null);
        }
        catch (Exception exception) when (ChatProblems.From(exception) is not null)
        {
            return (false, ChatProblems.From(exception));
        }
    }
}
