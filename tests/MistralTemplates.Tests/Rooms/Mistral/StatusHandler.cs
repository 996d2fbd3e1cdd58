using System.Net;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>Answers every request with a status and headers, and counts the requests.</summary>
internal sealed class StatusHandler(HttpStatusCode status, params (string Name, string Value)[] headers) : HttpMessageHandler
{
    private int _requests;

    public int Requests => Volatile.Read(ref _requests);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _requests);
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        foreach (var (name, value) in headers)
            response.Headers.TryAddWithoutValidation(name, value);
        return Task.FromResult(response);
    }
}
