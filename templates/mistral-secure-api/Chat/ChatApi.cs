using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Acme.App.Access;
using Acme.App.Guards;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.AI;

namespace Acme.App.Chat;

/// <summary><c>POST /api/chat</c>: one answer, or a stream of server-sent events.</summary>
internal static class ChatApi
{
    public static IEndpointRouteBuilder MapChat(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/api").RequireAccess(AccessPolicies.Chat);
        group.MapPost("/chat", AnswerAsync).WithName("chat");
        return endpoints;
    }

    private static async Task<Results<Ok<ChatResult>, EventStream>> AnswerAsync(HttpRequest body, IChatClient chatClient, CancellationToken cancellationToken)
    {
        var request = await body.ReadAsync(ChatRequestJsonContext.Default.ChatRequest, cancellationToken);
        var messages = request.ToChatMessages();
        var options = request.ToChatOptions();
        return request.Stream == true
            ? Stream(chatClient.GetStreamingResponseAsync(messages, options, cancellationToken), ChatProblems.JsonOf(body.HttpContext.RequestServices))
            : TypedResults.Ok(ResultOf(await chatClient.GetResponseAsync(messages, options, cancellationToken)));
    }

    private static ChatResult ResultOf(ChatResponse response) =>
        new(response.ResponseId, response.ModelId, response.Text, response.FinishReason?.Value, ChatUsage.FromDetails(response.Usage));

    private static EventStream Stream(IAsyncEnumerable<ChatResponseUpdate> answer, JsonTypeInfo problemJson)
    {
        var end = new ChatResult(null, null, null, null, ChatUsage.FromDetails(null));
        return new EventStream(
            answer,
            update =>
            {
                end = With(end, update);
                return update.Text is { Length: > 0 } text ? JsonSerializer.SerializeToUtf8Bytes(new ChatDelta(text), ChatJsonContext.Default.ChatDelta) : null;
            },
            () => JsonSerializer.SerializeToUtf8Bytes(end, ChatJsonContext.Default.ChatResult),
            problem => JsonSerializer.SerializeToUtf8Bytes(problem, problemJson),
            errorEvent: "error");
    }

    private static ChatResult With(ChatResult end, ChatResponseUpdate update) => end with
    {
        Id = update.ResponseId ?? end.Id,
        Model = update.ModelId ?? end.Model,
        FinishReason = update.FinishReason?.Value ?? end.FinishReason,
        Usage = update.Contents.OfType<UsageContent>().LastOrDefault() is { } usage ? ChatUsage.FromDetails(usage.Details) : end.Usage,
    };
}
