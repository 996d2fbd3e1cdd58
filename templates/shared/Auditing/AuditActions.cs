namespace Acme.App.Auditing;

/// <summary>The inventory of what is audited. A name keeps its meaning for as long as the schema keeps its version.</summary>
internal static class AuditActions
{
    public const string ChatComplete = "chat.complete";
    public const string ChatRefused = "chat.refused";
    public const string ChatFailed = "chat.failed";
    public const string ChatCancelled = "chat.cancelled";
    public const string GuardFailed = "guard.failed";
    public const string AccessDenied = "access.denied";
    public const string LimitExceeded = "limit.exceeded";
    public const string KeyRotated = "key.rotated";
    public const string KeyRejected = "key.rejected";

    /// <summary>A worker is about to have a job answered; it is down before anything is sent.</summary>
    public const string JobAttempted = "job.attempted";

    /// <summary>A process began to write.</summary>
    public const string AuditStarted = "audit.started";

    /// <summary>The process ended in good order.</summary>
    public const string AuditStopped = "audit.stopped";

    /// <summary>The first line of a further file; <c>previousMac</c> is the last of the file before.</summary>
    public const string AuditRolled = "audit.rolled";

    /// <summary>Something was found wrong and writing went on; <c>errorCode</c> and <c>detail</c> say what.</summary>
    public const string AuditRecovered = "audit.recovered";
}
