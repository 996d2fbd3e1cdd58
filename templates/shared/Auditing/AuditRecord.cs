using System.Text.Json.Serialization;

namespace Acme.App.Auditing;

/// <summary>
/// What is known of one event; what is null is left out of its line. It has no place for a prompt, an answer or a key. The log
/// fills in who is served, where the event does not say it, and where it happened.
/// </summary>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
internal sealed record AuditRecord(string Action)
{
    public bool Success { get; init; } = true;

    /// <summary>Why it did not succeed: a stable name, never a message.</summary>
    public string? ErrorCode { get; init; }

    public string? UserId { get; init; }
    public string? IpAddress { get; init; }
    public string? RequestId { get; init; }
    public string? TraceId { get; init; }
    public string? Environment { get; init; }
    public string? ModelAsked { get; init; }
    public string? ModelAnswered { get; init; }
    public long? TokensIn { get; init; }
    public long? TokensOut { get; init; }
    public long? TokensTotal { get; init; }
    public long? DurationMs { get; init; }

    /// <summary>The kinds of sensitive data that were found, by name.</summary>
    public IReadOnlyCollection<string>? Kinds { get; init; }

    public string? KeyFingerprint { get; init; }
    public string? PromptHash { get; init; }
    public string? AnswerHash { get; init; }

    /// <summary>A sentence of the program's own about the event; nothing that a caller wrote.</summary>
    public string? Detail { get; init; }

    public string? PreviousMac { get; init; }

    /// <summary>Somebody was not let in. The code says why, for example <c>token.expired</c>; the caller's name and address are filled in.</summary>
    public static AuditRecord AccessDenied(string errorCode) => new(AuditActions.AccessDenied) { Success = false, ErrorCode = errorCode };

    /// <summary>Somebody asked more often, or for more, than is allowed.</summary>
    public static AuditRecord LimitExceeded(string errorCode) => new(AuditActions.LimitExceeded) { Success = false, ErrorCode = errorCode };
}

/// <summary>Writes records without reflection. All but printable ASCII is escaped, so that no value can forge a line or turn text around.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class AuditJsonContext : JsonSerializerContext;
