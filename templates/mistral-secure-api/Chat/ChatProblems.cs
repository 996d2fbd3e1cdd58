using System.Globalization;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace Acme.App.Chat;

/// <summary>Turns what went wrong into problem details (RFC 9457) that tell the caller what to do and nothing of the inside.</summary>
internal sealed class ChatProblems(IProblemDetailsService problemDetails) : IExceptionHandler
{
    private const int LongestPath = 200;

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (From(exception) is not { } problem)
            return false;

        if (exception is not BadHttpRequestException && ChatFailure.From(exception)?.RetryAfter is { } retryAfter)
            context.Response.Headers.RetryAfter = Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.StatusCode = problem.Status!.Value;
        return await problemDetails.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }

    /// <returns>Null for a fault that nobody foresaw: it becomes a bare 500.</returns>
    public static ProblemDetails? From(Exception exception) => exception switch
    {
        BadHttpRequestException { InnerException: JsonException unreadable } => From(Unreadable(unreadable)),
        BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } =>
            Problem(400, ChatRefusedException.InvalidRequest, "The body is not a chat request in JSON. It takes model, messages, temperature, maxTokens and stream, and nothing else."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem(413, "request.too_large", "The body is larger than this program takes."),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => Problem(415, "request.media_type", "The content type must be application/json."),
        BadHttpRequestException bad => Problem(bad.StatusCode, ChatRefusedException.InvalidRequest, null),
        _ when ChatFailure.From(exception) is { } failure => FromFailure(failure),
        _ => null,
    };

    /// <summary>What is wrong with a body that cannot be read: the place, never what stands there.</summary>
    public static ChatRefusedException Unreadable(JsonException exception)
    {
        var path = exception.Path is { Length: > 2 and <= LongestPath } full && full.StartsWith("$.", StringComparison.Ordinal) ? full[2..] : "$";
        return new ChatRefusedException(ChatRefusedException.InvalidRequest, "The body is not a request in JSON as this endpoint takes it.")
        {
            Errors = new Dictionary<string, string[]> { [path] = ["The field is unknown, repeated, or of the wrong type, or the JSON is malformed here."] },
        };
    }

    private static ProblemDetails FromFailure(ChatFailure failure)
    {
        var problem = Problem(StatusOf(failure.Code), failure.Code, failure.Message);
        if (failure.Fields is { } fields)
            problem.Extensions["errors"] = fields;
        if (failure.Kinds.Count > 0)
            problem.Extensions["kinds"] = failure.Kinds;
        return problem;
    }

    private static ProblemDetails Problem(int status, string code, string? detail) =>
        new() { Status = status, Type = $"urn:problem:{code}", Detail = detail };

    private static int StatusOf(string code) => code switch
    {
        ChatRefusedException.InvalidRequest => StatusCodes.Status400BadRequest,
        ChatRefusedException.SensitiveData or ChatRefusedException.Moderated or "mistral.guardrail" => StatusCodes.Status422UnprocessableEntity,
        "mistral.rate_limited" or ChatRefusedException.TooManyRequests or ChatRefusedException.TooManyAtOnce or ChatRefusedException.TooManyTokens => StatusCodes.Status429TooManyRequests,
        ChatRefusedException.GuardFailed => StatusCodes.Status500InternalServerError,
        "mistral.unavailable" or ChatRefusedException.ModerationFailed or ChatRefusedException.LimitsUnavailable or ChatFailure.AuditUnavailable => StatusCodes.Status503ServiceUnavailable,
        "mistral.timed_out" => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status502BadGateway,
    };
}
