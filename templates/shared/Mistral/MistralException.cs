using System.Net;

namespace Acme.App.Mistral;

/// <summary>Why Mistral gave no answer, as far as the caller can act on it.</summary>
internal enum MistralErrorKind
{
    /// <summary>The key was refused, or could not be sent.</summary>
    Authentication,
    /// <summary>The key may not do this, or its account has no credit for it.</summary>
    Permission,
    /// <summary>Mistral's guardrails blocked the request, or failed and so blocked it.</summary>
    Guardrail,
    NotFound,
    InvalidRequest,
    RateLimited,
    /// <summary>Mistral could not be reached, answered 5xx, failed while it answered, or has failed too often just now.</summary>
    Unavailable,
    TimedOut,
    BrokenStream,
    /// <summary>The answer was too large, a redirect, or none that the API gives.</summary>
    Unreadable,
}

/// <summary>
/// Mistral gave no answer. It carries nothing of the answer's body, of the prompt or of the key, and has no inner exception:
/// messages from further down may quote what the other side sent.
/// </summary>
internal sealed class MistralException(MistralErrorKind kind, string message) : Exception(message)
{
    public MistralErrorKind Kind { get; } = kind;

    public HttpStatusCode? Status { get; init; }

    /// <summary>Whether any other request would have fared the same: it is the key, the account, or the way to Mistral.</summary>
    public bool ConcernsAll => Kind is MistralErrorKind.Authentication or MistralErrorKind.RateLimited
        || Status is HttpStatusCode.PaymentRequired or (>= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest)
        || (Kind == MistralErrorKind.Unavailable && Status is null && !HasEnded);

    /// <summary>Why there was no connection, where there was none, or why it ended without an answer, which may be this request's own doing.</summary>
    public HttpRequestError? NotReached { get; init; }

    // A connection that is reset after the request was sent has no error of its own in HTTP.
    private bool HasEnded => NotReached is HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse or HttpRequestError.Unknown;

    /// <summary>Mistral's own code for the error, digits only, where it gave one.</summary>
    public string? Code { get; init; }

    /// <summary>How long Mistral asks to wait, where it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What Mistral's support needs to find the request.</summary>
    public string? CorrelationId { get; init; }
}
