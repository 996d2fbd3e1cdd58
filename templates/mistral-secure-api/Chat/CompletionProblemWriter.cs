using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Acme.App.Chat;

/// <summary>Writes every error under <c>/v1</c>, whoever raised it, in the shape that Mistral's and OpenAI's clients understand.</summary>
internal sealed class CompletionProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments(CompletionsApi.Prefix);

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (http, problem) = (context.HttpContext, context.ProblemDetails);
        problem.Status ??= http.Response.StatusCode;
        ChatProblems.AddTrace(problem, http);
        return new ValueTask(http.Response.WriteAsJsonAsync(
            ToError(problem), CompletionJsonContext.Default.CompletionError, contentType: null, http.RequestAborted));
    }

    public static CompletionError ToError(ProblemDetails problem)
    {
        var code = problem.Type is { } type && type.StartsWith(ChatProblems.UrnPrefix, StringComparison.Ordinal) ? type[ChatProblems.UrnPrefix.Length..] : null;
        var fields = problem.Extensions.TryGetValue(ChatProblems.Errors, out var errors) ? errors as Dictionary<string, string[]> : null;
        var trace = problem.Extensions.TryGetValue(ChatProblems.TraceId, out var id) ? id as string : null;
        var kind = problem.Status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status429TooManyRequests => "rate_limited",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        };
        var message = problem.Detail ?? problem.Title ?? ReasonPhrases.GetReasonPhrase(problem.Status ?? StatusCodes.Status500InternalServerError);
        var inner = new CompletionError(null, message, kind, fields?.Keys.FirstOrDefault(), code, trace);
        return inner with { Object = "error", Error = inner };
    }
}
