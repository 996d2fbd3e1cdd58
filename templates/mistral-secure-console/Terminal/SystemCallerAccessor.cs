using Acme.App.Auditing;

namespace Acme.App.Terminal;

/// <summary>Tells the audit which user of the operating system sits at the terminal.</summary>
internal sealed class SystemCallerAccessor : ICallerAccessor
{
    public Caller Current { get; } = new(Environment.UserName, null, null);
}
