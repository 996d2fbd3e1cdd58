using System.Net;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>Answers every request with a status and headers, or, from a given request on, with an answer of the model; counts them.</summary>
internal sealed class StatusHandler(HttpStatusCode status, params (string Name, string Value)[] headers) : HttpMessageHandler
{
    private const string Answer = """{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}""";

    private int _requests;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>How many requests are refused before the rest is answered.</summary>
    public int Refusals { get; init; } = int.MaxValue;

    /// <summary>Whether nothing is answered at all.</summary>
    public bool Hangs { get; init; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _requests) > Refusals)
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Answer) };
        if (Hangs)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        foreach (var (name, value) in headers)
            response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }
}
