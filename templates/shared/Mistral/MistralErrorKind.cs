namespace Acme.App.Mistral;

/// <summary>Why Mistral gave no answer, as far as the caller can act on it.</summary>
internal enum MistralErrorKind
{
    /// <summary>The key was refused, or could not be sent.</summary>
    Authentication,

    /// <summary>The key is good but may not do this.</summary>
    Permission,

    /// <summary>Mistral's guardrails blocked the request, or failed and so blocked it.</summary>
    Guardrail,

    NotFound,
    InvalidRequest,
    RateLimited,

    /// <summary>Mistral could not be reached, answered 5xx, failed while it answered, or has failed too often just now.</summary>
    Unavailable,

    TimedOut,

    /// <summary>The answer broke off.</summary>
    BrokenStream,

    /// <summary>The answer was too large, a redirect, or none that the API gives.</summary>
    Unreadable,
}
