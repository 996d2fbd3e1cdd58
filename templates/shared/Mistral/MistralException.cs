using System.Net;

namespace Acme.App.Mistral;

/// <summary>
/// Mistral gave no answer. It carries nothing of the answer's body, of the prompt or of the key, and has no inner exception:
/// messages from further down may quote what the other side sent.
/// </summary>
internal sealed class MistralException(MistralErrorKind kind, string message) : Exception(message)
{
    public MistralErrorKind Kind { get; } = kind;

    public HttpStatusCode? Status { get; init; }

    /// <summary>Mistral's own code for the error, digits only, where it gave one.</summary>
    public string? Code { get; init; }

    /// <summary>How long Mistral asks to wait, where it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What Mistral's support needs to find the request.</summary>
    public string? CorrelationId { get; init; }
}
