using System.Security.Cryptography;

namespace Acme.App.Auditing;

/// <summary>The keys of the chain, oldest first, and the one that signs checkpoints.</summary>
internal sealed class AuditKeys(IReadOnlyList<AuditKey> chain, ECDsa signing) : IDisposable
{
    /// <summary>The key that writes.</summary>
    public AuditKey Current => Chain[^1];

    public IReadOnlyList<AuditKey> Chain { get; } = chain;

    public ECDsa Signing { get; } = signing;

    /// <summary>Tells signing keys apart in the checkpoints.</summary>
    public string SigningId { get; } = IdOf(signing);

    /// <summary>Takes the keys from the settings, and in Development from a file beside the log, which is made when it is missing.</summary>
    public static AuditKeys Load(AuditOptions options, string logFolder)
    {
        var (chainKey, checkpointKey) = (options.ChainKey, options.CheckpointKey);
        if (string.IsNullOrEmpty(chainKey) || string.IsNullOrEmpty(checkpointKey))
        {
            var kept = ReadOrMake(Path.Combine(logFolder, "development.keys"));
            chainKey = string.IsNullOrEmpty(chainKey) ? kept[0] : chainKey;
            checkpointKey = string.IsNullOrEmpty(checkpointKey) ? kept[1] : checkpointKey;
        }

        return new AuditKeys([.. options.PreviousChainKeys.Append(chainKey).Select(Parse)], ImportSigningKey(checkpointKey));
    }

    /// <summary>Makes a new pair: the chain's key and the checkpoints' private key, both in base64.</summary>
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

    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..AuditKey.IdLength];

    public void Dispose() => Signing.Dispose();

    private static AuditKey Parse(string base64) =>
        AuditKey.TryParse(base64, out var key) ? key : throw new FormatException("A key of the audit log is not 32 bytes or more in base64.");

    private static string[] ReadOrMake(string path)
    {
        if (File.Exists(path))
            return File.ReadAllLines(path);

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var keys = Make();
        using var writer = new StreamWriter(PrivateFile.Open(path, FileMode.CreateNew, FileAccess.Write, FileShare.None));
        writer.Write(string.Join('\n', keys));
        return keys;
    }
}
