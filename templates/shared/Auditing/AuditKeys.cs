using System.Security.Cryptography;

namespace Acme.App.Auditing;

/// <summary>The keys of the chain, oldest first, and the one that signs checkpoints.</summary>
internal sealed class AuditKeys(IReadOnlyList<AuditKey> chain, string signingKey) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private readonly Lazy<ECDsa> _signing = new(() => ImportSigningKey(signingKey));

    public IReadOnlyList<AuditKey> Chain { get; } = chain;

    /// <summary>The key that writes.</summary>
    public AuditKey Current => Chain[^1];

    public ECDsa Signing => _signing.Value;

    /// <summary>Takes the keys from the settings; in Development, where they need not be set, from a file beside the log that is made once.</summary>
    public static AuditKeys Load(AuditOptions options, AuditFiles files)
    {
        var kept = string.IsNullOrEmpty(options.ChainKey) || string.IsNullOrEmpty(options.CheckpointKey) ? ReadOrMake(files) : [];
        var chain = options.PreviousChainKeys.Append(string.IsNullOrEmpty(options.ChainKey) ? kept[0] : options.ChainKey);
        return new AuditKeys(
            [.. chain.Select(key => AuditKey.TryParse(key) ?? throw new FormatException("A key of the audit's chain is not 32 bytes or more in base64."))],
            string.IsNullOrEmpty(options.CheckpointKey) ? kept[1] : options.CheckpointKey);
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

    public void Dispose()
    {
        if (_signing.IsValueCreated)
            Signing.Dispose();
    }

    private static string[] ReadOrMake(AuditFiles files)
    {
        if (File.Exists(files.DevelopmentKeys))
            return File.ReadAllLines(files.DevelopmentKeys);

        // Of several processes that begin at once, the first one's keys stand. A move alone does not see to it: on Unix it looks first and renames then.
        using var turn = AuditFiles.TakeTurn(files.DevelopmentKeys + ".lock", s_patience);
        if (!File.Exists(files.DevelopmentKeys))
            MakeFile(files.DevelopmentKeys);
        return File.ReadAllLines(files.DevelopmentKeys);
    }

    /// <summary>No other process ever sees half a file.</summary>
    private static void MakeFile(string path)
    {
        var made = $"{path}.{Guid.NewGuid():N}";
        using (var writer = new StreamWriter(AuditFiles.OpenPrivate(made, FileMode.Create, FileShare.None)))
            writer.Write(string.Join('\n', Make()));
        File.Move(made, path);
    }
}
