using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>
/// The shape of a line: <c>{"version":1,"sequence":…,"keyId":"…","timestamp":"…",…,"mac":"…"}</c>. An HMAC-SHA-256 is taken of the
/// MAC before and of the line up to its own MAC. Its left half is the line's MAC, which RFC 2104 section 5 allows; its right
/// half, the seal, stands only in the file beside the log and only for the last line, so that nobody can pass an
/// earlier line off as the last one.
/// </summary>
internal readonly ref struct AuditLine
{
    public const int Version = 1;
    public const int MacBytes = 16;
    public const int TimestampLength = 28;

    /// <summary>More than the longest line there can be.</summary>
    public const int MaxBytes = 128 * 1024;

    private const int TailLength = 8 + MacBytes * 2 + 2;

    public required long Sequence { get; init; }

    public required ReadOnlySpan<byte> KeyId { get; init; }

    public required ReadOnlySpan<byte> Timestamp { get; init; }

    /// <summary>What the MAC is taken of.</summary>
    public required ReadOnlySpan<byte> Body { get; init; }

    /// <summary>The MAC in hexadecimal digits.</summary>
    public required ReadOnlySpan<byte> Mac { get; init; }

    public DateOnly Day => DateOnly.ParseExact(Encoding.ASCII.GetString(Timestamp[..10]), "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Takes a line apart without its line feed.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out AuditLine line)
    {
        line = default;
        var rest = text;
        if (!Skip(ref rest, "{\"version\":1,\"sequence\":"u8) || !Utf8Parser.TryParse(rest, out long sequence, out var digits) || sequence < 1)
            return false;

        rest = rest[digits..];
        if (!Skip(ref rest, ",\"keyId\":\""u8) || rest.Length < AuditKey.IdLength)
            return false;

        var keyId = rest[..AuditKey.IdLength];
        rest = rest[AuditKey.IdLength..];
        if (!Skip(ref rest, "\",\"timestamp\":\""u8) || rest.Length < TimestampLength + TailLength)
            return false;

        var tail = rest[^TailLength..];
        if (!tail.StartsWith(",\"mac\":\""u8) || !tail.EndsWith("\"}"u8))
            return false;

        line = new AuditLine { Sequence = sequence, KeyId = keyId, Timestamp = rest[..TimestampLength], Body = text[..^TailLength], Mac = tail[8..^2] };
        return true;
    }

    /// <summary>The line's whole tag: its MAC, then its seal.</summary>
    public static void ComputeTag(IncrementalHash hash, ReadOnlySpan<byte> previousMac, ReadOnlySpan<byte> body, Span<byte> tag)
    {
        hash.AppendData(previousMac);
        hash.AppendData(body);
        hash.GetHashAndReset(tag);
    }

    private static bool Skip(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected)
    {
        if (!text.StartsWith(expected))
            return false;

        text = text[expected.Length..];
        return true;
    }
}
