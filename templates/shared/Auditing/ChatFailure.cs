using Acme.App.Guards;
using Acme.App.Mistral;

namespace Acme.App.Auditing;

/// <summary>Why a chat has no answer, in words for its caller. It says nothing of the inside, of the prompt or of the key.</summary>
/// <param name="Code">Stable, for programs: <c>request.invalid</c>, <c>mistral.rate_limited</c>.</param>
/// <param name="Message">A sentence or two for people.</param>
internal sealed record ChatFailure(string Code, string Message)
{
    public const string AuditUnavailable = "audit.unavailable";

    /// <summary>What is wrong with which field, when the request itself is at fault.</summary>
    public IReadOnlyDictionary<string, string[]>? Fields { get; init; }

    /// <summary>The kinds of sensitive data found.</summary>
    public IReadOnlyCollection<string> Kinds { get; init; } = [];

    /// <summary>How long to wait before the next try.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <returns>Null for a fault that nobody foresaw: it is not the caller's to know.</returns>
    public static ChatFailure? From(Exception exception) => exception switch
    {
        ChatRefusedException refusal => new ChatFailure(refusal.Code, refusal.Message)
        {
            Fields = refusal.Errors.Count > 0 ? refusal.Errors : null,
            Kinds = refusal.Kinds,
            RetryAfter = refusal.RetryAfter,
        },
        MistralException failure => FromMistral(failure),
        AuditUnavailableException => new ChatFailure(AuditUnavailable, "The request was refused because it could not be audited. Try again later."),
        _ => null,
    };

    private static ChatFailure FromMistral(MistralException failure) => failure.Kind switch
    {
        MistralErrorKind.Authentication =>
            new("mistral.authentication", "Mistral does not take this program's key. Whoever runs it finds out more by 'keys verify'."),
        MistralErrorKind.Permission => new("mistral.permission", "Mistral does not allow the key to do this."),
        MistralErrorKind.Guardrail => new("mistral.guardrail", "Mistral's guardrails stopped the request."),
        MistralErrorKind.NotFound => new("mistral.not_found", "Mistral does not know the model, or is not where it is looked for."),
        MistralErrorKind.InvalidRequest => new("mistral.invalid_request", "Mistral does not take the request as it is. Change it before you send it again."),
        MistralErrorKind.RateLimited =>
            new("mistral.rate_limited", "Mistral takes no more requests for now. Try again later.") { RetryAfter = failure.RetryAfter },
        MistralErrorKind.TimedOut => new("mistral.timed_out", "Mistral did not answer in time. Try again."),
        MistralErrorKind.BrokenStream => new("mistral.broken_stream", "Mistral's answer broke off. Try again."),
        MistralErrorKind.Unreadable => new("mistral.unreadable", "Mistral's answer could not be read."),
        _ => new("mistral.unavailable", "Mistral cannot be reached now. Try again later.") { RetryAfter = failure.RetryAfter },
    };
}
