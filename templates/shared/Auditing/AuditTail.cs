using System.Globalization;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>How a file of the log ends: after its last whole line there may be one that was not finished.</summary>
internal sealed record AuditTail(long Length, long TornBytes, long FirstSequence, long LastSequence, byte[] LastMac, DateOnly Day)
{
    public static AuditTail Read(FileStream file)
    {
        var head = ReadAt(file, 0);
        var tail = ReadAt(file, Math.Max(0, file.Length - 2 * AuditLine.MaxBytes));
        var end = tail.AsSpan().LastIndexOf((byte)'\n');
        if (end < 0 && file.Length < AuditLine.MaxBytes)
            return new AuditTail(0, file.Length, 0, 0, new byte[AuditLine.MacBytes], default);

        var lastLine = tail.AsSpan(0, Math.Max(0, end));
        if (!AuditLine.TryParse(lastLine[(lastLine.LastIndexOf((byte)'\n') + 1)..], out var last) || !AuditLine.TryParse(head.AsSpan(0, head.AsSpan().IndexOf((byte)'\n')), out var first))
            throw new InvalidDataException($"\"{Path.GetFileName(file.Name)}\" does not begin and end with audit records. Run \"audit verify\", and move the log's files elsewhere to begin a new log.");

        var torn = tail.Length - end - 1;
        var day = DateOnly.ParseExact(Encoding.ASCII.GetString(last.Timestamp[..10]), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        return new AuditTail(file.Length - torn, torn, first.Sequence, last.Sequence, Convert.FromHexString(Encoding.ASCII.GetString(last.Mac)), day);
    }

    private static byte[] ReadAt(FileStream file, long position)
    {
        var bytes = new byte[Math.Min(file.Length - position, 2 * AuditLine.MaxBytes)];
        file.Position = position;
        file.ReadExactly(bytes);
        return bytes;
    }
}
