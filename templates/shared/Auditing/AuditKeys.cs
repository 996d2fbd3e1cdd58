using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Acme.App.Configuration;

namespace Acme.App.Auditing;

/// <summary>The keys of the chain and those that sign checkpoints, each oldest first.</summary>
internal sealed class AuditKeys(IReadOnlyList<AuditKey> chain, IEnumerable<string> signingKeys) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private readonly Lazy<ECDsa[]> _signing = new(() => [.. signingKeys.Select(ImportSigningKey)]);

    public IReadOnlyList<AuditKey> Chain { get; } = chain;

    /// <summary>The key that writes.</summary>
    public AuditKey Current => Chain[^1];

    /// <summary>The key that signs.</summary>
    public ECDsa Signing => SigningKeys[^1];

    public IReadOnlyList<ECDsa> SigningKeys => _signing.Value;

    /// <summary>Takes the keys from the settings; in Development, where they need not be set, from a file beside the log that is made once.</summary>
    public static AuditKeys Load(AuditOptions options, AuditFiles files)
    {
        var kept = string.IsNullOrEmpty(options.ChainKey) || string.IsNullOrEmpty(options.CheckpointKey) ? ReadOrMake(files) : [];
        var chain = options.PreviousChainKeys.Append(string.IsNullOrEmpty(options.ChainKey) ? kept[0] : options.ChainKey);
        return new AuditKeys(
            [.. chain.Select(key => AuditKey.TryParse(key) ?? throw new FormatException("A key of the audit's chain is not 32 bytes or more in base64."))],
            options.PreviousCheckpointKeys.Append(string.IsNullOrEmpty(options.CheckpointKey) ? kept[1] : options.CheckpointKey));
    }

    /// <summary>Makes a new pair, both in base64: the chain's key and the private key for checkpoints.</summary>
    public static string[] Make()
    {
        using var signing = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return [Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Convert.ToBase64String(signing.ExportPkcs8PrivateKey())];
    }

    public static ECDsa ImportSigningKey(string base64)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(base64), out _);
        return key;
    }

    public static bool CanSign(string key)
    {
        try
        {
            using var signing = ImportSigningKey(key);
            return true;
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (_signing.IsValueCreated)
            Array.ForEach(_signing.Value, key => key.Dispose());
    }

    private static string[] ReadOrMake(AuditFiles files)
    {
        try
        {
            if (File.Exists(files.DevelopmentKeys))
                return Read(files.DevelopmentKeys);

            // Of several processes that begin at once, the first one's keys stand. A move alone does not see to it: on Unix it looks first and renames then.
            using var turn = AuditFiles.TakeTurn(files.DevelopmentKeys + ".lock", s_patience);
            if (!File.Exists(files.DevelopmentKeys))
                MakeFile(files.DevelopmentKeys);
            return Read(files.DevelopmentKeys);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([new(
                "Audit:Path", files.DevelopmentKeys, $"The development keys can neither be read nor made there. {exception.Message}",
                "Let the program's user write there, or set \"Audit:Path\" to another place.")]);
        }
    }

    private static string[] Read(string path)
    {
        var keys = File.ReadAllLines(path);
        return keys is [var chain, var signing] && AuditKey.TryParse(chain) is not null && CanSign(signing)
            ? keys
            : throw new ConfigurationException([new(
                "Audit:ChainKey", path, "The file with the development keys is damaged.",
                "Put it back as it was, or remove it with its log: what the lost keys chained cannot be verified by new ones.")]);
    }

    /// <summary>No other process ever sees half a file.</summary>
    private static void MakeFile(string path)
    {
        var made = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using (var writer = new StreamWriter(AuditFiles.OpenPrivate(made, FileMode.Create, FileShare.None)))
                writer.Write(string.Join('\n', Make()));
            File.Move(made, path);
        }
        catch
        {
            File.Delete(made);
            throw;
        }
    }
}

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
