using Microsoft.AspNetCore.Mvc;

namespace Acme.App.Chat;

/// <summary>Writes every error under <c>/v1</c>, whoever raised it, in the shape that Mistral's and OpenAI's clients understand.</summary>
internal sealed class CompletionProblemWriter : IProblemDetailsWriter
{
    private const string UrnPrefix = "urn:problem:";

    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments(CompletionsApi.Prefix);

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        context.ProblemDetails.Status ??= context.HttpContext.Response.StatusCode;
        return new ValueTask(context.HttpContext.Response.WriteAsJsonAsync(
            ToError(context.ProblemDetails), CompletionJsonContext.Default.CompletionError, contentType: null, context.HttpContext.RequestAborted));
    }

    public static CompletionError ToError(ProblemDetails problem)
    {
        var code = problem.Type is { } type && type.StartsWith(UrnPrefix, StringComparison.Ordinal) ? type[UrnPrefix.Length..] : null;
        var field = problem.Extensions.TryGetValue("errors", out var errors) && errors is IReadOnlyDictionary<string, string[]> { Count: > 0 } fields ? fields.First().Key : null;
        var kind = problem.Status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status429TooManyRequests => "rate_limited",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        };
        var inner = new CompletionError(null, problem.Detail ?? problem.Title ?? "The request was refused.", kind, field, code);
        return inner with { Object = "error", Error = inner };
    }
}
