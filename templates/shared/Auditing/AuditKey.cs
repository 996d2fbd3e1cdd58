using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Auditing;

/// <summary>One key of the chain, and what is derived from it. It prints as its id.</summary>
[DebuggerDisplay("{Id}")]
internal sealed class AuditKey(byte[] secret)
{
    /// <summary>The number of characters of every id.</summary>
    public const int IdLength = 8;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _chain = Derive(secret, "audit chain");

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _content = Derive(secret, "audit content");

    /// <summary>Tells keys apart in the records.</summary>
    public string Id { get; } = Convert.ToHexStringLower(Derive(secret, "audit key id"))[..IdLength];

    public static AuditKey? TryParse(string base64)
    {
        var secret = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, secret, out var length) && length >= 32 ? new AuditKey(secret[..length]) : null;
    }

    /// <summary>The chain's hash, to be used over and over, but not by two threads at once.</summary>
    public IncrementalHash CreateChainHash() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _chain);

    /// <summary>A hash for a prompt or an answer that is read piece by piece.</summary>
    public IncrementalHash CreateContentHash() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _content);

    /// <summary>What stands for a name: always the same, and no way back without the key.</summary>
    public string Pseudonym(string name) => "~" + Convert.ToHexStringLower(HMACSHA256.HashData(_content, Encoding.UTF8.GetBytes(name)))[..24];

    public override string ToString() => Id;

    private static byte[] Derive(byte[] secret, string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: Encoding.ASCII.GetBytes(purpose));
}
