using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>
/// Says, signed, where the chain stood: whoever has the public key can hold the log against it without the chain's secret. It is one
/// line of five words: the record's number, its MAC, the signing key's id, the time, and the signature of all before it.
/// </summary>
internal sealed record AuditCheckpoint(long Sequence, string Mac, string KeyId, string Signed, byte[] Signature)
{
    public static string Sign(long sequence, string mac, DateTime timestamp, ECDsa key)
    {
        var signed = string.Create(CultureInfo.InvariantCulture, $"{sequence} {mac} {IdOf(key)} {timestamp:O}");
        return $"{signed} {Convert.ToBase64String(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <summary>Reads a line; one that is not whole, as a sudden end leaves it, is none.</summary>
    public static AuditCheckpoint? Parse(string line)
    {
        var signature = new byte[line.Length];
        return line.Split(' ') is [var number, var mac, var keyId, _, var encoded] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && Convert.TryFromBase64String(encoded, signature, out var length)
            ? new AuditCheckpoint(sequence, mac, keyId, line[..line.LastIndexOf(' ')], signature[..length])
            : null;
    }

    public bool IsSignedBy(ECDsa key) => key.VerifyData(Encoding.ASCII.GetBytes(Signed), Signature, HashAlgorithmName.SHA256);

    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..AuditKey.IdLength];
}
