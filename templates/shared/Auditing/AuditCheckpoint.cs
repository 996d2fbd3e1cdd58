using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>Says, signed, where the chain stood: whoever has the public key can hold the log against it without the chain's secret.</summary>
/// <param name="Signed">The text that was signed: the line up to its signature.</param>
internal sealed record AuditCheckpoint(long Sequence, string Mac, string KeyId, string Signed, byte[] Signature)
{
    private const string BeforeSignature = ",\"signature\":\"";
    private const string End = "\"}";

    public static string Sign(long sequence, string mac, DateTime timestamp, AuditKeys keys)
    {
        var signed = string.Create(CultureInfo.InvariantCulture, $"{{\"version\":1,\"sequence\":{sequence},\"mac\":\"{mac}\",\"keyId\":\"{keys.SigningId}\",\"timestamp\":\"{timestamp:O}\"");
        var signature = keys.Signing.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return $"{signed}{BeforeSignature}{Convert.ToBase64String(signature)}{End}";
    }

    /// <summary>Reads a line; one that is not whole, as a sudden end leaves it, is none.</summary>
    public static AuditCheckpoint? Parse(string line)
    {
        var signatureAt = line.IndexOf(BeforeSignature, StringComparison.Ordinal);
        if (signatureAt < 0 || !line.EndsWith(End, StringComparison.Ordinal))
            return null;

        var signature = new byte[line.Length];
        var (signed, encoded) = (line[..signatureAt], line[(signatureAt + BeforeSignature.Length)..^End.Length]);
        return Convert.TryFromBase64String(encoded, signature, out var length)
            && long.TryParse(Value(signed, "\"sequence\":", ","), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? new AuditCheckpoint(sequence, Value(signed, "\"mac\":\"", "\""), Value(signed, "\"keyId\":\"", "\""), signed, signature[..length])
            : null;
    }

    public bool IsSignedBy(ECDsa key) => key.VerifyData(Encoding.ASCII.GetBytes(Signed), Signature, HashAlgorithmName.SHA256);

    private static string Value(string text, string name, string end)
    {
        var from = text.IndexOf(name, StringComparison.Ordinal) + name.Length;
        var to = from < name.Length ? -1 : text.IndexOf(end, from, StringComparison.Ordinal);
        return to < 0 ? "" : text[from..to];
    }
}
