using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Acme.App.Chat;

/// <summary>An answer as server-sent events, each sent as soon as it is there. Until the first one a refusal is still a status code.</summary>
/// <param name="toEvent">Writes an update as JSON; null for one that has nothing to tell.</param>
/// <param name="toEnd">Writes the last event in front of <c>[DONE]</c>, if there is one.</param>
/// <param name="toError">Writes what ended a stream that had begun: no <c>[DONE]</c> follows it.</param>
/// <param name="errorEvent">What that last event is called, where it has a name.</param>
internal sealed class EventStream(
    IAsyncEnumerable<ChatResponseUpdate> answer,
    Func<ChatResponseUpdate, byte[]?> toEvent,
    Func<byte[]?> toEnd,
    Func<ProblemDetails, byte[]> toError,
    string? errorEvent = null) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancellationToken) = (httpContext.Response, httpContext.RequestAborted);
        await using var updates = answer.GetAsyncEnumerator(cancellationToken);
        var any = await updates.MoveNextAsync();
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        try
        {
            for (; any; any = await updates.MoveNextAsync())
                await SendAsync(response, toEvent(updates.Current), cancellationToken);
            await SendAsync(response, toEnd(), cancellationToken);
            await SendAsync(response, "[DONE]"u8.ToArray(), cancellationToken);
        }
        catch (Exception exception) when (response.HasStarted && ChatProblems.From(exception) is { } problem)
        {
            ChatProblems.AddTrace(problem, httpContext);
            if (errorEvent is not null)
                response.BodyWriter.Write(Encoding.UTF8.GetBytes($"event: {errorEvent}\n"));
            await SendAsync(response, toError(problem), cancellationToken);
        }
    }

    private static async ValueTask SendAsync(HttpResponse response, byte[]? data, CancellationToken cancellationToken)
    {
        if (data is null)
            return;
        response.BodyWriter.Write("data: "u8);
        response.BodyWriter.Write(data);
        response.BodyWriter.Write("\n\n"u8);
        await response.BodyWriter.FlushAsync(cancellationToken);
    }
}
