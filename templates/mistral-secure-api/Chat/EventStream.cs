using System.Buffers;
using System.Text;
using Acme.App.Access;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Chat;

/// <summary>An answer as server-sent events, each sent as soon as it is there. Until the first one a refusal is still a status code.</summary>
/// <param name="toEvent">Writes an update as JSON; null for one that has nothing to tell.</param>
/// <param name="toEnd">Writes the last event in front of <c>[DONE]</c>, if there is one.</param>
/// <param name="toError">Writes what ended a stream that had begun: no <c>[DONE]</c> follows it, and over HTTP/1.1 the body breaks off.</param>
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
                await SendAsync(httpContext, toEvent(updates.Current), cancellationToken);
            await SendAsync(httpContext, toEnd(), cancellationToken);
            await SendAsync(httpContext, "[DONE]"u8.ToArray(), cancellationToken);
        }
        catch (Exception exception) when (response.HasStarted && ProblemOf(exception, httpContext) is { } problem)
        {
            ChatProblems.Complete(problem, httpContext);
            if (errorEvent is not null)
                response.BodyWriter.Write(Encoding.UTF8.GetBytes($"event: {errorEvent}\n"));
            // The request's own token is cancelled once its time is up.
            await SendAsync(httpContext, toError(problem), CancellationToken.None);
            // Some clients read no errors among the events, and would take what came for the whole: Kestrel leaves the body without its end. In HTTP/2
            // it resets the stream instead, mostly before the event has left.
            if (!HttpProtocol.IsHttp11(httpContext.Request.Protocol))
                return;
            if (exception is OperationCanceledException)
                throw new MistralException(MistralErrorKind.TimedOut, problem.Detail!);
            throw;
        }
    }

    private static ProblemDetails? ProblemOf(Exception exception, HttpContext context) =>
        exception is OperationCanceledException && context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true }
            ? ChatProblems.OutOfTime()
            : ChatProblems.From(exception);

    private static async ValueTask SendAsync(HttpContext context, byte[]? data, CancellationToken cancellationToken)
    {
        if (data is null)
            return;
        var writer = context.Response.BodyWriter;
        writer.Write("data: "u8);
        writer.Write(data);
        writer.Write("\n\n"u8);
        var sent = writer.FlushAsync(cancellationToken);
        if (sent.IsCompletedSuccessfully)
            return;

        // The caller's side is full. Kestrel's own rate lets a connection rest for as long as all that it has taken would have been allowed to take.
        var limits = context.RequestServices.GetRequiredService<IOptions<AccessOptions>>().Value.Connections;
        try
        {
            await sent.AsTask().WaitAsync(limits.StallTimeout, context.RequestServices.GetRequiredService<TimeProvider>(), cancellationToken);
        }
        catch (TimeoutException exception)
        {
            context.Abort();
            throw new OperationCanceledException("The caller takes nothing of its answer.", exception);
        }
    }
}
