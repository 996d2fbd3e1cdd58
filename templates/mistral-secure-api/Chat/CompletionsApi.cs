using System.Text.Json;
using Acme.App.Access;
using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Http.HttpResults;
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
        group.MapPost("/chat/completions", AnswerAsync).WithName("completeChat");
        group.MapGet("/models", ListModels).WithName("listModels");
        group.MapGet("/models/{id}", FindModel).WithName("retrieveModel");
        return endpoints;
    }

    private static async Task<IResult> AnswerAsync(HttpRequest body, IChatClient chatClient, CancellationToken cancellationToken)
    {
        var request = await body.ReadAsync(CompletionJsonContext.Default.CompletionRequest, cancellationToken);
        var messages = CompletionRequests.ToMessages(request);
        var options = CompletionRequests.ToOptions(request);
        if (request.Stream == true)
            return Stream(chatClient.GetStreamingResponseAsync(messages, options, cancellationToken), request.StreamOptions?.IncludeUsage == true);
        var answer = CompletionAnswers.ToWhole(await chatClient.GetResponseAsync(messages, options, cancellationToken));
        return TypedResults.Json(answer, CompletionJsonContext.Default.WireAnswer);
    }

    /// <param name="usageComesLast">Whether the usage stands in a chunk of its own without a choice, as OpenAI's clients ask for it.</param>
    private static EventStream Stream(IAsyncEnumerable<ChatResponseUpdate> answer, bool usageComesLast)
    {
        WireAnswer? last = null;
        // As Mistral, it names the role once: clients add up what the chunks say.
        var isFirst = true;
        return new EventStream(
            answer,
            update =>
            {
                if (update.Contents.Count == 0 && update.FinishReason is null)
                    return null;
                var chunk = CompletionAnswers.ToChunk(update, isFirst);
                isFirst = false;
                if (usageComesLast && chunk.Usage is { } usage)
                {
                    last = new() { Id = chunk.Id, Object = chunk.Object, Created = chunk.Created, Model = chunk.Model, Choices = [], Usage = usage };
                    chunk.Usage = null;
                    if (update.FinishReason is null && update.Contents.All(content => content is UsageContent))
                        return null;
                }

                return JsonSerializer.SerializeToUtf8Bytes(chunk, CompletionJsonContext.Default.WireAnswer);
            },
            () => last is null ? null : JsonSerializer.SerializeToUtf8Bytes(last, CompletionJsonContext.Default.WireAnswer),
            problem => JsonSerializer.SerializeToUtf8Bytes(ProblemWriter.ToError(problem), CompletionJsonContext.Default.CompletionError));
    }

    private static JsonHttpResult<CompletionModels> ListModels(IOptions<PolicyOptions> policy) =>
        TypedResults.Json(new CompletionModels("list", [.. policy.Value.AllowedModels.Select(Describe)]), CompletionJsonContext.Default.CompletionModels);

    private static Results<JsonHttpResult<CompletionModel>, ProblemHttpResult> FindModel(string id, IOptions<PolicyOptions> policy) =>
        policy.Value.AllowedModels.Contains(id, StringComparer.Ordinal)
            ? TypedResults.Json(Describe(id), CompletionJsonContext.Default.CompletionModel)
            : TypedResults.Problem(ChatProblems.NoSuchModel());

    private static CompletionModel Describe(string model) =>
        new(model, "model", 0, "mistralai", "base", new CompletionCapabilities(CompletionChat: true, FunctionCalling: true));
}
