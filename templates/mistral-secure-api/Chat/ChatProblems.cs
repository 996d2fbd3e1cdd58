using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Acme.App.Access;
using Acme.App.Auditing;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Acme.App.Chat;

/// <summary>Turns what went wrong into problem details (RFC 9457) that tell the caller what to do and nothing of the inside.</summary>
internal sealed partial class ChatProblems(IProblemDetailsService problemDetails) : IExceptionHandler
{
    public const string UrnPrefix = "urn:problem:";
    public const string Errors = "errors";
    public const string Kinds = "kinds";
    public const string TraceId = "traceId";

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (From(exception) is not { } problem)
            return false;

        if (exception is not BadHttpRequestException && ChatFailure.From(exception)?.RetryAfter is { } retryAfter)
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        // OpenAI's clients try every 5xx again, unless they are told that it mends nothing.
        if (exception is MistralException { Kind: MistralErrorKind.Authentication or MistralErrorKind.Permission or MistralErrorKind.NotFound })
            context.Response.Headers["x-should-retry"] = "false";
        context.Response.StatusCode = problem.Status!.Value;
        return await problemDetails.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }

    /// <summary>What ends a request that took longer than <c>Access:RequestTimeout</c>.</summary>
    public static ProblemDetails OutOfTime() =>
        Problem(StatusCodes.Status504GatewayTimeout, "request.timed_out", "The request took longer than this program allows.");

    public static ProblemDetails NoSuchModel() => Problem(StatusCodes.Status404NotFound, "model.not_found", "The model is not on this environment's list.");

    /// <returns>Null for a fault that nobody foresaw: it becomes a bare 500.</returns>
    public static ProblemDetails? From(Exception exception) => exception switch
    {
        BadHttpRequestException bad => bad.StatusCode switch
        {
            StatusCodes.Status413PayloadTooLarge => Problem(bad.StatusCode, "request.too_large", "The body is larger than this program takes."),
            StatusCodes.Status415UnsupportedMediaType => Problem(bad.StatusCode, "request.media_type", "The content type must be application/json, in UTF-8."),
            _ => Problem(bad.StatusCode, ChatRefusedException.InvalidRequest, null),
        },
        _ when ChatFailure.From(exception) is { } failure => FromFailure(failure),
        _ => null,
    };

    /// <summary>
    /// Fills in the title and the type that belong to the status, and the id under which the audit's records of the request are found; and tells
    /// whoever reads the log alone of a request that failed without its caller's doing.
    /// </summary>
    public static void Complete(ProblemDetails problem, HttpContext context)
    {
        // To make a result of it is what fills them in.
        _ = TypedResults.Problem(problem);
        problem.Extensions[TraceId] = HttpCallerAccessor.RequestIdOf(context);
        if (problem is { Status: >= StatusCodes.Status500InternalServerError, Type: { } type } && type.StartsWith(UrnPrefix, StringComparison.Ordinal))
            LogFailed(context.RequestServices.GetRequiredService<ILogger<ChatProblems>>(), type[UrnPrefix.Length..], HttpCallerAccessor.RequestIdOf(context));
    }

    /// <summary>
    /// How problem details are written, as the framework has it: generated here, it would not compile where a minus is another sign than ASCII's.
    /// </summary>
    public static JsonTypeInfo JsonOf(IServiceProvider services) =>
        services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions.GetTypeInfo(typeof(ProblemDetails));

    private static ProblemDetails FromFailure(ChatFailure failure)
    {
        var problem = Problem(StatusOf(failure), failure.Code, failure.Message);
        if (failure.Fields is { } fields)
            problem.Extensions[Errors] = new Dictionary<string, string[]>(fields);
        if (failure.Kinds.Count > 0)
            problem.Extensions[Kinds] = failure.Kinds.ToArray();
        return problem;
    }

    private static ProblemDetails Problem(int status, string code, string? detail) =>
        new() { Status = status, Type = UrnPrefix + code, Detail = detail };

    private static int StatusOf(ChatFailure failure) => failure.Code switch
    {
        // A client that waits and tries again would be refused for ever.
        ChatRefusedException.TooManyTokens when failure.RetryAfter is null => StatusCodes.Status400BadRequest,
        // A client tries a 5xx again, which would not mend it.
        ChatRefusedException.InvalidRequest or "mistral.invalid_request" => StatusCodes.Status400BadRequest,
        ChatRefusedException.SensitiveData or ChatRefusedException.Moderated or "mistral.guardrail" => StatusCodes.Status422UnprocessableEntity,
        "mistral.rate_limited" or ChatRefusedException.TooManyRequests or ChatRefusedException.TooManyAtOnce or ChatRefusedException.TooManyTokens =>
            StatusCodes.Status429TooManyRequests,
        "mistral.unavailable" or ChatRefusedException.ModerationFailed or ChatRefusedException.LimitsUnavailable or ChatFailure.AuditUnavailable =>
            StatusCodes.Status503ServiceUnavailable,
        ChatRefusedException.GuardFailed => StatusCodes.Status500InternalServerError,
        "mistral.timed_out" => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status502BadGateway,
    };

    [LoggerMessage(4001, LogLevel.Warning, "A request failed: {Code}. Its trace is {TraceId}.")]
    private static partial void LogFailed(ILogger logger, string code, string traceId);
}
