using Acme.App.Auditing;

namespace Acme.App.Jobs;

/// <summary>Tells the audit whose job is being done. It follows the job through all that is awaited.</summary>
internal sealed class JobCallerAccessor : ICallerAccessor
{
    private static readonly Caller s_nobody = new(null, null, null);
    private readonly AsyncLocal<Caller?> _current = new();

    public Caller Current => _current.Value ?? s_nobody;

    public void Serve(string? user, string jobId) => _current.Value = new Caller(user, null, jobId);
}
