namespace Acme.App.Auditing;

/// <summary>The inventory of what is audited. A name keeps its meaning for as long as its schema's version does.</summary>
internal static class AuditActions
{
    /// <summary>A chat was answered.</summary>
    public const string ChatComplete = "chat.complete";

    /// <summary>A guard refused a request or an answer; <c>errorCode</c> says which rule, <c>kinds</c> what was found.</summary>
    public const string ChatRefused = "chat.refused";

    /// <summary>Mistral gave no answer, or the program failed; <c>errorCode</c> says why.</summary>
    public const string ChatFailed = "chat.failed";

    /// <summary>The caller left, or the program was stopped, before the answer was whole.</summary>
    public const string ChatCancelled = "chat.cancelled";

    /// <summary>A guard itself failed, and its mode (open or closed) was followed.</summary>
    public const string GuardFailed = "guard.failed";

    /// <summary>Someone without the right was turned away.</summary>
    public const string AccessDenied = "access.denied";

    /// <summary>Someone had used up a rate or a budget.</summary>
    public const string LimitExceeded = "limit.exceeded";

    /// <summary>Another key for Mistral is in use.</summary>
    public const string KeyRotated = "key.rotated";

    /// <summary>A new key was not taken, or the current one was refused.</summary>
    public const string KeyRejected = "key.rejected";

    /// <summary>A process began to write.</summary>
    public const string AuditStarted = "audit.started";

    /// <summary>The process ended in good order.</summary>
    public const string AuditStopped = "audit.stopped";

    /// <summary>The first line of a further file; <c>previousMac</c> links it to the file before.</summary>
    public const string AuditRolled = "audit.rolled";

    /// <summary>Something was found wrong and writing went on; <c>errorCode</c> and <c>detail</c> say what.</summary>
    public const string AuditRecovered = "audit.recovered";
}
