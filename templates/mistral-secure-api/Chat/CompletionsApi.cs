using System.Buffers;
using System.Text.Json;
using Acme.App.Access;
using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Chat;

/// <summary><c>/v1</c>: Mistral's own wire, for clients that only change their base address. It leads to the same road as <c>/api/chat</c>.</summary>
internal static class CompletionsApi
{
    public const string Prefix = "/v1";

    public static IEndpointRouteBuilder MapCompletions(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup(Prefix).RequireAccess(AccessPolicies.Chat);
        group.MapPost("/chat/completions", AnswerAsync);
        group.MapGet("/models", ListModels);
        return endpoints;
    }

    private static async Task AnswerAsync(HttpContext context, IChatClient chatClient, CancellationToken cancellationToken)
    {
        var request = await ReadAsync(context.Request, cancellationToken);
        var messages = CompletionRequests.ToMessages(request);
        var options = CompletionRequests.ToOptions(request);
        if (request.Stream != true)
        {
            var answer = CompletionAnswers.ToWhole(await chatClient.GetResponseAsync(messages, options, cancellationToken));
            await context.Response.WriteAsJsonAsync(answer, CompletionJsonContext.Default.WireAnswer, contentType: null, cancellationToken);
            return;
        }

        // The first update is awaited before anything is sent, so that a refusal is still a status code.
        await using var updates = chatClient.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var any = await updates.MoveNextAsync();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        try
        {
            for (; any; any = await updates.MoveNextAsync())
                await SendAsync(context.Response, JsonSerializer.SerializeToUtf8Bytes(CompletionAnswers.ToChunk(updates.Current), CompletionJsonContext.Default.WireAnswer), cancellationToken);
            await SendAsync(context.Response, "[DONE]"u8.ToArray(), cancellationToken);
        }
        catch (Exception exception) when (context.Response.HasStarted && ChatProblems.From(exception) is { } problem)
        {
            // The status code has left already: the failure is the stream's last event, and no [DONE] calls it whole.
            await SendAsync(context.Response, JsonSerializer.SerializeToUtf8Bytes(CompletionProblemWriter.ToError(problem), CompletionJsonContext.Default.CompletionError), cancellationToken);
        }
    }

    private static IResult ListModels(IOptions<PolicyOptions> policy) => TypedResults.Json(
        new CompletionModels("list", [.. policy.Value.AllowedModels.Select(name => new CompletionModel(name, "model", 0, "mistralai", "base", new(CompletionChat: true)))]),
        CompletionJsonContext.Default.CompletionModels);

    private static async Task<CompletionRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
            throw new BadHttpRequestException("The content type must be JSON.", StatusCodes.Status415UnsupportedMediaType);
        try
        {
            return await request.ReadFromJsonAsync(CompletionJsonContext.Default.CompletionRequest, cancellationToken)
                ?? throw CompletionRequests.Refused("$", "The body must be an object.");
        }
        catch (JsonException exception)
        {
            throw ChatProblems.Unreadable(exception);
        }
    }

    private static async Task SendAsync(HttpResponse response, byte[] data, CancellationToken cancellationToken)
    {
        response.BodyWriter.Write("data: "u8);
        response.BodyWriter.Write(data);
        response.BodyWriter.Write("\n\n"u8);
        await response.BodyWriter.FlushAsync(cancellationToken);
    }
}
