namespace Acme.App.Auditing;

/// <summary>Whether records can be written now, for a readiness check.</summary>
/// <param name="Problem">What is wrong, a sentence for the operator; null when nothing is.</param>
/// <param name="Lost">The records that <see cref="AuditFailureMode.FailOpen"/> let go since the program started.</param>
internal sealed record AuditStatus(bool Available, string? Problem, long Lost);
