using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Acme.App.Mistral;

/// <summary>
/// The body of an answer: it ends with a typed failure when it grows too large, stands still or breaks off. Disposing it early
/// closes the connection.
/// </summary>
internal sealed class MistralAnswer(HttpResponseMessage response, Stream body, CallClock clock, TimeSpan idle, long limit, string keyFingerprint) : Stream
{
    private long _left = limit;

    /// <summary>The key that was taken: while it was asked for, another one may have come.</summary>
    public string KeyFingerprint => keyFingerprint;

    public string? CorrelationId { get; } = MistralErrors.CorrelationId(response);

    /// <summary>In small letters, since its case says nothing (RFC 9110, section 8.3.1).</summary>
    public string? MediaType => response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant();

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public async ValueTask<T> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(this, type, cancellationToken) ?? throw Unreadable();
        }
        catch (JsonException)
        {
            throw Unreadable();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        clock.Start(idle);
        try
        {
            // The clock's token stands for the caller's too.
            var read = await body.ReadAsync(buffer, clock.Token);
            _left -= read;
            return _left >= 0 ? read : throw Failure(MistralErrorKind.Unreadable, "Mistral's answer was larger than 'Mistral:MaxResponseBytes' allows.");
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
        {
            throw clock.Token.IsCancellationRequested ? clock.Explain() : Failure(MistralErrorKind.BrokenStream, "Mistral's answer broke off.");
        }
        finally
        {
            clock.Stop();
        }
    }

    public MistralException Unreadable() => Failure(MistralErrorKind.Unreadable, "Mistral's answer was not what its API gives.");

    public MistralException Failure(MistralErrorKind kind, string message) => new(kind, message) { CorrelationId = CorrelationId };

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        response.Dispose();
        clock.Dispose();
        base.Dispose(disposing);
    }
}
