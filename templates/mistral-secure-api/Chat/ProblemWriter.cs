using Acme.App.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Acme.App.Chat;

/// <summary>
/// Writes every error, whoever raised it: as problem details, and under <c>/v1</c> in the shape that Mistral's and OpenAI's clients understand.
/// A caller that accepts only an answer's media type gets its error all the same (RFC 9110, 12.5.1).
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    // What the rules of all kinds call otherwise than the wire.
    private const string MaxTokens = "maxTokens";
    private const string MaxTokensOnTheWire = "max_tokens";

    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        problem.Status ??= http.Response.StatusCode;
        // The framework's own time limit has no words.
        if (problem is { Status: StatusCodes.Status504GatewayTimeout, Type: null })
            problem = ChatProblems.OutOfTime();
        ChatProblems.Complete(problem, http);
        return new ValueTask(http.Request.Path.StartsWithSegments(CompletionsApi.Prefix)
            ? http.Response.WriteAsJsonAsync(ToError(problem), CompletionJsonContext.Default.CompletionError, contentType: null, http.RequestAborted)
            : http.Response.WriteAsJsonAsync(problem, problem.GetType(), options: null, "application/problem+json", http.RequestAborted));
    }

    public static CompletionError ToError(ProblemDetails problem)
    {
        var code = problem.Type is { } type && type.StartsWith(ChatProblems.UrnPrefix, StringComparison.Ordinal) ? type[ChatProblems.UrnPrefix.Length..] : null;
        var fields = problem.Extensions.TryGetValue(ChatProblems.Errors, out var errors)
            ? errors as IDictionary<string, string[]>
            : (problem as HttpValidationProblemDetails)?.Errors;
        var trace = problem.Extensions.TryGetValue(ChatProblems.TraceId, out var id) ? id as string : null;
        var kind = problem.Status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status429TooManyRequests => "rate_limited",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        };
        // These clients show the message alone.
        var message = problem.Detail ?? problem.Status switch
        {
            StatusCodes.Status401Unauthorized => "The token is missing, has expired, or is not for this program.",
            StatusCodes.Status403Forbidden => $"The token has no scope '{AccessPolicies.Chat}'.",
            StatusCodes.Status404NotFound =>
                "There is no such address. Set the client to chat completions: POST /v1/chat/completions and GET /v1/models are here.",
            var status => problem.Title ?? ReasonPhrases.GetReasonPhrase(status ?? StatusCodes.Status500InternalServerError),
        };
        foreach (var rule in fields?.Values.SelectMany(rules => rules) ?? [])
            message += message.Contains(rule, StringComparison.Ordinal) ? "" : $" {rule}";
        var field = fields?.Keys.FirstOrDefault();
        if (field is not (null or "$") && !message.Contains($" of {field}", StringComparison.Ordinal))
            message += $" The field is {field}.";
        if (field == MaxTokens && !fields![field].Contains(CompletionRequests.NoSuchField))
            (field, message) = (MaxTokensOnTheWire, message.Replace(MaxTokens, MaxTokensOnTheWire, StringComparison.Ordinal));
        var inner = new CompletionError(null, null, message, kind, field, code, trace);
        return inner with { Error = inner, Object = "error" };
    }
}
