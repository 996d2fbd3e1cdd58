namespace Acme.App.Auditing;

/// <summary>What is known of one event. It has no place for a prompt, an answer or a key.</summary>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
internal sealed record AuditRecord(string Action)
{
    public bool Success { get; init; } = true;

    /// <summary>Why it did not succeed: a stable name, never a message.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>On whose behalf; whoever is served now when it is not said.</summary>
    public Caller? Caller { get; init; }

    public string? ModelAsked { get; init; }
    public string? ModelAnswered { get; init; }
    public long? TokensIn { get; init; }
    public long? TokensOut { get; init; }
    public long? TokensTotal { get; init; }
    public TimeSpan? Duration { get; init; }

    /// <summary>The kinds of sensitive data that were found, by name.</summary>
    public IReadOnlyCollection<string> Kinds { get; init; } = [];

    public string? KeyFingerprint { get; init; }
    public string? PromptHash { get; init; }
    public string? AnswerHash { get; init; }

    /// <summary>A sentence of the program's own about the event; nothing that a caller wrote.</summary>
    public string? Detail { get; init; }

    public string? PreviousMac { get; init; }
}
