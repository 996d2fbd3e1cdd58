using System.Buffers.Text;
using System.Globalization;

namespace Acme.App.Auditing;

/// <summary>The file beside the log: the last record's number and the half of its tag that the log does not show.</summary>
internal static class AuditSeal
{
    private const int NumberLength = 19;

    public const int Length = NumberLength + 1 + 2 * AuditLine.MacBytes + 1;

    public static void Format(long sequence, ReadOnlySpan<byte> seal, Span<byte> text)
    {
        sequence.TryFormat(text, out _, "D19", CultureInfo.InvariantCulture);
        text[NumberLength] = (byte)' ';
        Convert.TryToHexStringLower(seal, text[(NumberLength + 1)..], out _);
        text[^1] = (byte)'\n';
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out long sequence, out byte[] seal)
    {
        seal = new byte[AuditLine.MacBytes];
        sequence = 0;
        return text.Length == Length
            && Utf8Parser.TryParse(text[..NumberLength], out sequence, out var digits) && digits == NumberLength
            && Convert.FromHexString(text[(NumberLength + 1)..^1], seal, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
