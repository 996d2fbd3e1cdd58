namespace Acme.App.Auditing;

/// <summary>The audit log cannot be written, and <c>Audit:OnFailure</c> says that nothing happens without a record.</summary>
internal sealed class AuditUnavailableException(string problem) : Exception($"The request was refused because it could not be audited. {problem}");
