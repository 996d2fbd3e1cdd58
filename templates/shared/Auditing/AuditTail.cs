using System.Text;

namespace Acme.App.Auditing;

/// <summary>How a file of the log ends.</summary>
/// <param name="Length">The bytes up to the end of the last whole line.</param>
/// <param name="TornBytes">What follows it: a line that was not finished.</param>
internal sealed record AuditTail(long Length, long TornBytes, long FirstSequence, long LastSequence, byte[] LastMac, DateOnly Day)
{
    public static AuditTail Read(FileStream file)
    {
        var size = file.Length;
        var buffer = new byte[Math.Min(size, 2 * AuditLine.MaxBytes)];
        file.Position = size - buffer.Length;
        file.ReadExactly(buffer);
        var end = buffer.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (end == 0)
            return size < AuditLine.MaxBytes ? new AuditTail(0, size, 0, 0, new byte[AuditLine.MacBytes], default) : throw Unreadable(file);

        var lastLine = buffer.AsSpan(0, end - 1);
        lastLine = lastLine[(lastLine.LastIndexOf((byte)'\n') + 1)..];
        var torn = buffer.Length - end;
        var first = new byte[Math.Min(size, AuditLine.MaxBytes)];
        file.Position = 0;
        file.ReadExactly(first);
        if (!AuditLine.TryParse(lastLine, out var last) || !AuditLine.TryParse(first.AsSpan(0, first.AsSpan().IndexOf((byte)'\n')), out var opening))
            throw Unreadable(file);

        return new AuditTail(size - torn, torn, opening.Sequence, last.Sequence, Convert.FromHexString(Encoding.ASCII.GetString(last.Mac)), last.Day);
    }

    private static InvalidDataException Unreadable(FileStream file) =>
        new($"\"{Path.GetFileName(file.Name)}\" does not begin and end with audit records. Run \"audit verify\", and move the log's files elsewhere to begin a new one.");
}
