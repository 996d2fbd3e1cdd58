using System.Text.Json;

namespace Acme.App.Tests.StandIn;

/// <summary>A request as it came in.</summary>
/// <param name="Closed">Ends when the reply was sent or the client closed the connection.</param>
internal sealed record RecordedRequest(
    string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body, Task<ReplyOutcome> Closed)
{
    public JsonElement Json => JsonElement.Parse(Body);
}

/// <summary>Who ended the exchange.</summary>
internal enum ReplyOutcome
{
    Sent,
    ClientLeft,
}
