using System.Net;
using System.Text.Json;

namespace Acme.App.Mistral;

/// <summary>
/// Turns each of the shapes in which Mistral reports an error into one exception. Of the body only a numeric code and the presence
/// of guardrail results are taken: a 422 echoes the request.
/// </summary>
internal static class MistralErrors
{
    private const int LongestCorrelationId = 128;
    private const int LongestCode = 8;
    private const string GuardrailFailureCode = "3201";

    public static MistralException From(HttpResponseMessage response, ReadOnlyMemory<byte> body, TimeProvider time)
    {
        var (code, guardrail) = Read(body);
        var status = response.StatusCode;
        var kind = KindOf(status, guardrail || code == GuardrailFailureCode);
        return new MistralException(kind, $"Mistral answered {(int)status}{(code is null ? "" : $" with code {code}")}. {Remedy(kind)}")
        {
            Status = status,
            Code = code,
            RetryAfter = RetryAfter(response, time),
            CorrelationId = CorrelationId(response),
        };
    }

    /// <summary>An error that came in the middle of a stream, where there is no status any more.</summary>
    public static MistralException FromEvent(ReadOnlyMemory<byte> data, string? correlationId)
    {
        var (code, _) = Read(data);
        return new MistralException(MistralErrorKind.Unavailable, $"Mistral failed while it answered{(code is null ? "" : $", with code {code}")}.")
        {
            Code = code,
            CorrelationId = correlationId,
        };
    }

    public static string? CorrelationId(HttpResponseMessage response)
    {
        foreach (var name in (ReadOnlySpan<string>)["mistral-correlation-id", "x-kong-request-id"])
        {
            if (response.Headers.TryGetValues(name, out var values) && values.First() is { Length: > 0 and <= LongestCorrelationId } value && value.All(char.IsAscii))
                return value;
        }

        return null;
    }

    /// <summary>Retry-After of RFC 9110, section 10.2.3: seconds or a date; null where there is none.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var wait = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date - time.GetUtcNow());
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static MistralErrorKind KindOf(HttpStatusCode status, bool guardrail) => (int)status switch
    {
        401 => MistralErrorKind.Authentication,
        403 => guardrail ? MistralErrorKind.Guardrail : MistralErrorKind.Permission,
        404 => MistralErrorKind.NotFound,
        408 => MistralErrorKind.TimedOut,
        429 => MistralErrorKind.RateLimited,
        >= 500 => MistralErrorKind.Unavailable,
        >= 400 => MistralErrorKind.InvalidRequest,
        _ => MistralErrorKind.Unreadable,
    };

    private static string Remedy(MistralErrorKind kind) => kind switch
    {
        MistralErrorKind.Authentication => "The key was refused; see 'keys verify'.",
        MistralErrorKind.Permission => "The key may not do this.",
        MistralErrorKind.Guardrail => "Its guardrails blocked the request.",
        MistralErrorKind.NotFound => "Check 'Mistral:Endpoint'.",
        MistralErrorKind.InvalidRequest => "It did not take the request.",
        MistralErrorKind.RateLimited => "The rate limit is reached.",
        MistralErrorKind.Unreadable => "A redirect is never followed; check 'Mistral:Endpoint'.",
        _ => "Try again later.",
    };

    private static (string? Code, bool Guardrail) Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return (null, false);
            return (CodeOf(root) ?? (root.TryGetProperty("error", out var error) ? CodeOf(error) : null), root.TryGetProperty("guardrails", out _));
        }
        catch (JsonException)
        {
            return (null, false);
        }
    }

    private static string? CodeOf(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object || !error.TryGetProperty("code", out var code) || code.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            return null;
        var text = code.ToString();
        return text.Length is > 0 and <= LongestCode && text.All(char.IsAsciiDigit) ? text : null;
    }
}
