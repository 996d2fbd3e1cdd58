using System.Net;
using System.Net.Http.Headers;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>Answers every request with the same bytes, a few at a time.</summary>
internal sealed class BytesHandler(byte[] body, int bytesPerRead, string mediaType) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(new SlowStream(body, bytesPerRead)) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } },
        });

    private sealed class SlowStream(byte[] body, int bytesPerRead) : MemoryStream(body)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(bytesPerRead, buffer.Length)], cancellationToken);
    }
}
