using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>One key of the chain. It prints as its id.</summary>
[DebuggerDisplay("{Id}")]
internal sealed class AuditKey
{
    private const int MinBytes = 32;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _chain;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _pseudonyms;

    public AuditKey(byte[] secret)
    {
        _chain = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: "audit chain"u8.ToArray());
        _pseudonyms = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: "audit pseudonyms"u8.ToArray());
        Id = Convert.ToHexStringLower(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, IdLength / 2, info: "audit key id"u8.ToArray()));
    }

    /// <summary>The number of characters of every id.</summary>
    public const int IdLength = 8;

    /// <summary>Tells keys apart in the records.</summary>
    public string Id { get; }

    public static bool TryParse(string base64, [NotNullWhen(true)] out AuditKey? key)
    {
        var secret = new byte[base64.Length];
        var parsed = Convert.TryFromBase64String(base64, secret, out var length) && length >= MinBytes;
        key = parsed ? new AuditKey(secret[..length]) : null;
        return parsed;
    }

    /// <summary>A chain's hash that is used over and over; not for two threads at once.</summary>
    public IncrementalHash CreateHash() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _chain);

    /// <summary>A hash of a prompt or an answer that is read piece by piece.</summary>
    public IncrementalHash CreateContentHash() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _pseudonyms);

    /// <summary>What stands for a name: always the same, and no way back without the key.</summary>
    public string Pseudonym(string name) => "~" + Convert.ToHexStringLower(HMACSHA256.HashData(_pseudonyms, Encoding.UTF8.GetBytes(name)).AsSpan(0, 12));

    public override string ToString() => Id;
}
