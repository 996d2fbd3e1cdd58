using Acme.App.Auditing;

namespace Acme.App.Operations;

/// <summary>Reads a log of any size line by line, with one buffer.</summary>
internal sealed class AuditLineReader(Stream stream)
{
    // A program that writes beside this one may have a line half done.
    private const int Looks = 10;

    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(20);

    private readonly byte[] _buffer = new byte[8 * AuditLine.MaxBytes];
    private int _start;
    private int _end;

    /// <summary>The bytes that the lines read so far came to.</summary>
    public long Position { get; private set; }

    /// <summary>Whether the last line read had a line feed, as every whole line has.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>The next line, which holds until the one after it is read; one that is too long comes in pieces that are not whole.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var unread = _buffer.AsSpan(_start, _end - _start);
            var length = unread.IndexOf((byte)'\n');
            if (length < 0 && unread.Length < AuditLine.MaxBytes && (Fill() || (unread.Length > 0 && FillLater())))
                continue;

            IsWhole = length >= 0;
            line = IsWhole ? unread[..length] : unread;
            var taken = line.Length + (IsWhole ? 1 : 0);
            _start += taken;
            Position += taken;
            return taken > 0;
        }
    }

    private bool FillLater()
    {
        for (var look = 0; look < Looks; look++)
        {
            Thread.Sleep(s_betweenLooks);
            if (Fill())
                return true;
        }

        return false;
    }

    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
