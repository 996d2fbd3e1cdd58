namespace Acme.App.Mistral;

/// <summary>The body of an answer: it ends with a typed failure when it grows too large, stands still or breaks off.</summary>
internal sealed class AnswerStream(Stream inner, CallClock clock, TimeSpan idle, long limit) : Stream
{
    private long _left = limit;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        clock.Start(idle);
        try
        {
            // The clock's token stands for the caller's too.
            var read = await inner.ReadAsync(buffer, clock.Token);
            _left -= read;
            return _left >= 0 ? read : throw new MistralException(
                MistralErrorKind.Unreadable, "Mistral's answer was larger than 'Mistral:MaxResponseBytes' allows.");
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
        {
            throw clock.Token.IsCancellationRequested ? clock.Explain() : new MistralException(MistralErrorKind.BrokenStream, "Mistral's answer broke off.");
        }
        finally
        {
            clock.Stop();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();
}
