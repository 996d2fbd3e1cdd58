using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Acme.App.Auditing;

/// <summary>
/// A line, taken apart: <c>{"version":1,"sequence":…,"keyId":"…","timestamp":"…",…,"mac":"…"}</c>. Its tag is an HMAC-SHA-256 of
/// the MAC before and of the line up to its own MAC. The tag's left half is the line's MAC (RFC 2104, section 5); the right half,
/// the seal, is written for the last line only and not into the log, so that nobody can pass an earlier line off as the last.
/// </summary>
internal readonly ref struct AuditLine
{
    public const int MacBytes = 16;
    public const int TagBytes = 2 * MacBytes;
    public const int TimestampLength = 28;
    public const int SealLength = 19 + 1 + 2 * MacBytes;

    /// <summary>More than the longest line there can be.</summary>
    public const int MaxBytes = 128 * 1024;

    private const int TailLength = 8 + 2 * MacBytes + 2;

    public long Sequence { get; private init; }
    public ReadOnlySpan<byte> KeyId { get; private init; }
    public ReadOnlySpan<byte> Timestamp { get; private init; }

    /// <summary>What the tag is taken of, after the MAC before.</summary>
    public ReadOnlySpan<byte> Body { get; private init; }

    /// <summary>The MAC in hexadecimal digits.</summary>
    public ReadOnlySpan<byte> Mac { get; private init; }

    /// <summary>Takes a line apart, without its line feed.</summary>
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
        line = new AuditLine { Sequence = sequence, KeyId = keyId, Timestamp = rest[..TimestampLength], Body = text[..^TailLength], Mac = tail[8..^2] };
        return tail.StartsWith(",\"mac\":\""u8) && tail.EndsWith("\"}"u8);
    }

    /// <summary>The MAC before the first record of a file, as that record tells it.</summary>
    /// <returns>Whether it tells one.</returns>
    public bool TryReadPreviousMac(Span<byte> mac)
    {
        var name = "\"previousMac\":\""u8;
        var at = Body.IndexOf(name) is var found and >= 0 ? found + name.Length : Body.Length;
        return Body.Length - at >= 2 * MacBytes && Convert.FromHexString(Body.Slice(at, 2 * MacBytes), mac, out _, out _) == OperationStatus.Done;
    }

    public static void ComputeTag(IncrementalHash hash, ReadOnlySpan<byte> previousMac, ReadOnlySpan<byte> body, Span<byte> tag)
    {
        hash.AppendData(previousMac);
        hash.AppendData(body);
        hash.GetHashAndReset(tag);
    }

    public string SealAfter(ReadOnlySpan<byte> previousMac, AuditKey key)
    {
        Span<byte> tag = stackalloc byte[TagBytes];
        using var hash = key.CreateChainHash();
        ComputeTag(hash, previousMac, Body, tag);
        return Convert.ToHexStringLower(tag[MacBytes..]);
    }

    public static void FormatSeal(long sequence, ReadOnlySpan<byte> tag, Span<byte> text)
    {
        Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"{sequence:D19} ", out var written);
        Convert.TryToHexStringLower(tag[MacBytes..], text[written..], out _);
    }

    /// <returns>0 when the text is no seal.</returns>
    public static long ParseSeal(ReadOnlySpan<byte> text, out string seal)
    {
        seal = text.Length == SealLength ? Encoding.ASCII.GetString(text[20..]) : "";
        // All digits: with a sign it would be a number that no record has.
        return seal.Length > 0 && !text[..19].ContainsAnyExceptInRange((byte)'0', (byte)'9') && Utf8Parser.TryParse(text[..19], out long sequence, out _)
            ? sequence : 0;
    }

    private static bool Skip(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected)
    {
        var skips = text.StartsWith(expected);
        text = skips ? text[expected.Length..] : text;
        return skips;
    }
}

/// <summary>Writes records as lines: first the text that the MAC is taken of, then the rest.</summary>
internal sealed class AuditLineWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _record = new(1024);
    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private readonly Utf8JsonWriter _json = new(Stream.Null);

    /// <summary>The bytes hold until the next call.</summary>
    public ReadOnlySpan<byte> Write(AuditRecord record, long sequence, DateTime timestamp, string keyId)
    {
        _record.ResetWrittenCount();
        _json.Reset(_record);
        JsonSerializer.Serialize(_json, record, AuditJsonContext.Default.AuditRecord);
        _line.ResetWrittenCount();
        Utf8.TryWrite(
            _line.GetSpan(256), CultureInfo.InvariantCulture,
            $"{{\"version\":1,\"sequence\":{sequence},\"keyId\":\"{keyId}\",\"timestamp\":\"{timestamp:O}\",", out var written);
        _line.Advance(written);
        _line.Write(_record.WrittenSpan[1..^1]);
        return _line.WrittenSpan;
    }

    /// <summary>Puts the MAC to what was written last and returns the whole line.</summary>
    public ReadOnlySpan<byte> Complete(ReadOnlySpan<byte> mac)
    {
        _line.Write(",\"mac\":\""u8);
        Convert.TryToHexStringLower(mac, _line.GetSpan(2 * mac.Length), out var written);
        _line.Advance(written);
        _line.Write("\"}\n"u8);
        return _line.WrittenSpan;
    }

    public void Dispose() => _json.Dispose();
}
