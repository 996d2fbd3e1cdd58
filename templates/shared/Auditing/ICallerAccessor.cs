namespace Acme.App.Auditing;

/// <summary>Tells the audit who is being served now. Each kind of program has its own way to know.</summary>
internal interface ICallerAccessor
{
    Caller Current { get; }
}
