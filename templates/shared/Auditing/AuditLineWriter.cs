using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Acme.App.Auditing;

/// <summary>
/// Writes a record as the beginning of its line, up to where the MAC goes. Everything but printable ASCII is escaped, so that
/// no value can forge a line or turn text around; a field with nothing to say is left out.
/// </summary>
internal sealed class AuditLineWriter(AuditOptions options, string environment) : IDisposable
{
    // A value from outside cannot make a line longer than a reader's buffer.
    private const int MaxText = 256;

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default });

    /// <summary>The bytes hold until the next call.</summary>
    public ReadOnlySpan<byte> Write(AuditEntry entry, long sequence, DateTime timestamp, AuditKey key)
    {
        var (record, caller) = (entry.Record, entry.Caller);
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteNumber("version"u8, 1);
        _json.WriteNumber("sequence"u8, sequence);
        _json.WriteString("keyId"u8, key.Id);
        Span<char> time = stackalloc char[AuditLine.TimestampLength];
        timestamp.TryFormat(time, out _, "O", CultureInfo.InvariantCulture);
        _json.WriteString("timestamp"u8, time);
        _json.WriteString("action"u8, record.Action);
        _json.WriteBoolean("success"u8, record.Success);
        WriteText("errorCode"u8, record.ErrorCode);
        WriteText("userId"u8, options.PseudonymiseUsers && caller.UserId is { } user ? key.Pseudonym(user) : caller.UserId);
        WriteText("ipAddress"u8, options.ShortenIpAddresses ? Shorten(caller.IpAddress) : caller.IpAddress);
        WriteText("requestId"u8, caller.RequestId);
        WriteText("traceId"u8, entry.TraceId);
        WriteText("environment"u8, environment);
        WriteText("modelAsked"u8, record.ModelAsked);
        WriteText("modelAnswered"u8, record.ModelAnswered);
        WriteNumber("tokensIn"u8, record.TokensIn);
        WriteNumber("tokensOut"u8, record.TokensOut);
        WriteNumber("tokensTotal"u8, record.TokensTotal);
        WriteNumber("durationMs"u8, record.Duration is { } duration ? (long)duration.TotalMilliseconds : null);
        WriteKinds(record.Kinds);
        WriteText("keyFingerprint"u8, record.KeyFingerprint);
        WriteText("promptHash"u8, record.PromptHash);
        WriteText("answerHash"u8, record.AnswerHash);
        WriteText("detail"u8, record.Detail);
        WriteText("previousMac"u8, record.PreviousMac);
        _json.Flush();
        return _buffer.WrittenSpan;
    }

    /// <summary>Puts the MAC to what was written last and returns the whole line.</summary>
    public ReadOnlySpan<byte> Complete(ReadOnlySpan<byte> mac)
    {
        _buffer.Write(",\"mac\":\""u8);
        Convert.TryToHexStringLower(mac, _buffer.GetSpan(mac.Length * 2), out var written);
        _buffer.Advance(written);
        _buffer.Write("\"}\n"u8);
        return _buffer.WrittenSpan;
    }

    public void Dispose() => _json.Dispose();

    internal static string? Shorten(string? address)
    {
        if (!IPAddress.TryParse(address, out var parsed))
            return null;

        parsed = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        var bytes = parsed.GetAddressBytes();
        bytes.AsSpan(bytes.Length == 4 ? 3 : 6).Clear();
        return new IPAddress(bytes).ToString();
    }

    private void WriteText(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            _json.WriteString(name, value.AsSpan(0, Math.Min(value.Length, MaxText)));
    }

    private void WriteNumber(ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
            _json.WriteNumber(name, number);
    }

    private void WriteKinds(IReadOnlyCollection<string> kinds)
    {
        if (kinds.Count == 0)
            return;

        _json.WriteStartArray("kinds"u8);
        foreach (var kind in kinds.Take(16))
            _json.WriteStringValue(kind.AsSpan(0, Math.Min(kind.Length, MaxText)));
        _json.WriteEndArray();
    }
}
