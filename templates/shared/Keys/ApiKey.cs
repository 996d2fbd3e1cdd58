using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Acme.App.Keys;

/// <summary>A key that cannot be printed: only <see cref="Reveal"/> gives its value, everything else its fingerprint.</summary>
[DebuggerDisplay("{Fingerprint}")]
internal sealed class ApiKey
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string _value;

    public ApiKey(string value, string version)
    {
        _value = value;
        Version = version;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..12];
    }

    /// <summary>The first 12 hexadecimal digits of the key's SHA-256: enough to tell keys apart, nothing to guess them from.</summary>
    public string Fingerprint { get; }

    /// <summary>The version that the key's source gave it.</summary>
    public string Version { get; }

    /// <summary>The key itself, for the Authorization header alone.</summary>
    public string Reveal() => _value;

    public override string ToString() => Fingerprint;
}
