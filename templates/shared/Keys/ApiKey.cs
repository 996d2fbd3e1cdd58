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

    public ApiKey(string value, string version, DateTimeOffset? since = null)
    {
        // Stores hold what was pasted into them, often with the line's end.
        _value = value.TrimEnd('\r', '\n');
        Version = version;
        Since = since;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_value)))[..12];
    }

    /// <summary>The first 12 hexadecimal digits of the key's SHA-256: enough to tell keys apart, nothing to guess them from.</summary>
    public string Fingerprint { get; }

    /// <summary>The version that the key's source gave it.</summary>
    public string Version { get; }

    /// <summary>When the source came to hold this value, where it says so.</summary>
    public DateTimeOffset? Since { get; }

    /// <summary>The key itself, for the Authorization header alone.</summary>
    public string Reveal() => _value;

    /// <summary>Whether both are the same key, whatever their versions are called.</summary>
    public bool SameAs(ApiKey other) => string.Equals(_value, other._value, StringComparison.Ordinal);

    public override string ToString() => Fingerprint;
}
