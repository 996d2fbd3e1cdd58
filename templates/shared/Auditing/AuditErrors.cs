namespace Acme.App.Auditing;

/// <summary>The error codes that the audit itself gives; guards give theirs.</summary>
internal static class AuditErrors
{
    public const string Cancelled = "cancelled";
    public const string TimedOut = "timed.out";

    /// <summary>The program failed in a way it does not know.</summary>
    public const string Unexpected = "unexpected";

    /// <summary>An unfinished line was found at the start, as a sudden end leaves it, and was cut off.</summary>
    public const string LineTorn = "line.torn";

    /// <summary>Records that had been written were gone: the file was cut or removed, or the power failed.</summary>
    public const string RecordsMissing = "records.missing";

    /// <summary>The log could not be written for a time.</summary>
    public const string LogUnavailable = "log.unavailable";
}
