using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Acme.App.Auditing;

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
        Utf8.TryWrite(_line.GetSpan(256), CultureInfo.InvariantCulture, $"{{\"version\":1,\"sequence\":{sequence},\"keyId\":\"{keyId}\",\"timestamp\":\"{timestamp:O}\",", out var written);
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
