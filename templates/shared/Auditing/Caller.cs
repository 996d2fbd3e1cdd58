namespace Acme.App.Auditing;

/// <summary>On whose behalf the program is working.</summary>
/// <param name="UserId">Who asks: the token's subject, the operating system's user, or the job's user.</param>
/// <param name="IpAddress">Where the request came from, for a server.</param>
/// <param name="RequestId">What the kind calls this piece of work: a request's or a job's id.</param>
/// <param name="IsOutOfTime">Whether what this piece of work may take is over, so that it was not the caller who ended it.</param>
internal sealed record Caller(string? UserId, string? IpAddress, string? RequestId, bool IsOutOfTime = false);

/// <summary>Tells the audit who is being served now. Each kind of program has its own way to know.</summary>
internal interface ICallerAccessor
{
    Caller Current { get; }
}
