using System.Net;
using System.Runtime.InteropServices;
using System.Text;
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

    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);

    public static async Task<MistralException> FromAsync(
        HttpResponseMessage response, MistralAnswer body, TimeProvider time, CancellationToken cancellationToken)
    {
        JsonElement error = default;
        try
        {
            error = await JsonSerializer.DeserializeAsync(body, MistralJsonContext.Default.JsonElement, cancellationToken);
        }
        catch (Exception exception) when (exception is JsonException or MistralException)
        {
            // A page, or a body that is too large, too slow or broken off: the status alone tells what happened.
        }

        var code = CodeOf(error);
        var guardrail = code == GuardrailFailureCode || (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("guardrails", out _));
        var (kind, words) = Judge(response.StatusCode, guardrail);
        return new MistralException(kind, $"Mistral answered {(int)response.StatusCode}{(code is null ? "" : $" with code {code}")}: {words}")
        {
            Status = response.StatusCode,
            Code = code,
            RetryAfter = RetryAfter(response, time),
            CorrelationId = body.CorrelationId,
        };
    }

    /// <summary>An error that came in the middle of an answer, where there is no status any more.</summary>
    public static MistralException MidAnswer(ReadOnlySpan<byte> data, string? correlationId) =>
        new(MistralErrorKind.Unavailable, "Mistral failed while it answered.")
        {
            Code = CodeOf(JsonSerializer.Deserialize(data, MistralJsonContext.Default.JsonElement)),
            CorrelationId = correlationId,
        };

    public static string? CorrelationId(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated;
        var found = headers.TryGetValues("mistral-correlation-id", out var values) || headers.TryGetValues("x-kong-request-id", out values);
        return found && values.ToString() is { Length: > 0 and <= LongestCorrelationId } id && id.All(letter => letter is > ' ' and < '\x7f') ? id : null;
    }

    /// <summary>Retry-After of RFC 9110, section 10.2.3: seconds or a date, for a day at the most; null where there is none.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var wait = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date - time.GetUtcNow());
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_longestWait ? s_longestWait : wait;
    }

    private static (MistralErrorKind Kind, string Words) Judge(HttpStatusCode status, bool guardrail) => (int)status switch
    {
        401 => (MistralErrorKind.Authentication, "the key was refused."),
        402 => (MistralErrorKind.Permission, "the account has no credit or plan for this. Look at its billing."),
        403 when guardrail => (MistralErrorKind.Guardrail, "its guardrails blocked the request."),
        403 => (MistralErrorKind.Permission, "the key may not do this."),
        404 => (MistralErrorKind.NotFound, "there is nothing at this address. Check 'Mistral:Endpoint'."),
        408 => (MistralErrorKind.TimedOut, "the request took too long."),
        429 => (MistralErrorKind.RateLimited, "the rate limit is reached. Try again later."),
        >= 500 => (MistralErrorKind.Unavailable, "it is not available. Try again later."),
        >= 400 => (MistralErrorKind.InvalidRequest, "it does not take the request."),
        _ => (MistralErrorKind.Unreadable, "a redirect is never followed. Check 'Mistral:Endpoint'."),
    };

    /// <summary>The code of the error itself or of the one within it.</summary>
    private static string? CodeOf(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object)
            return null;
        // As bytes: what is not UTF-8 cannot be read as text.
        var text = error.TryGetProperty("code", out var code) ? JsonMarshal.GetRawUtf8Value(code).Trim((byte)'"') : [];
        return text.Length is > 0 and <= LongestCode && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? Encoding.ASCII.GetString(text)
            : error.TryGetProperty("error", out var inner) ? CodeOf(inner)
            : null;
    }
}
