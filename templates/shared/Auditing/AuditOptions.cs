namespace Acme.App.Auditing;

/// <summary>What a record survives, before its answer leaves: the process's end, however sudden, or the loss of power as well.</summary>
internal enum AuditDurability
{
    Process,
    Disk,
}

/// <summary>While records cannot be written: every request is refused, or answered with the loss counted and an alarm logged.</summary>
internal enum AuditFailureMode
{
    FailClosed,
    FailOpen,
}

/// <summary>Where the audit log is written, and what goes into it.</summary>
internal sealed class AuditOptions
{
    public const string SectionName = "Audit";

    /// <summary>The file that is written now, seen from the program's home; full ones lie beside it.</summary>
    public string Path { get; set; } = "audit/audit.jsonl";

    /// <summary>
    /// Whether several processes of one machine write the log in turn: each opens it for a record and lets it go again. Else one
    /// process holds it for as long as it runs, and a second one does not start.
    /// </summary>
    public bool Shared { get; set; }

    /// <summary>How long a process waits for its turn.</summary>
    public TimeSpan Patience => TimeSpan.FromSeconds(Shared ? 5 : 0);

    public AuditDurability Durability { get; set; } = AuditDurability.Process;

    public AuditFailureMode OnFailure { get; set; } = AuditFailureMode.FailClosed;

    /// <summary>The size in bytes at which a file is full. A new day begins a new file, too.</summary>
    public long MaxFileBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The chain's key: 32 random bytes or more, in base64. Made and kept beside the log in Development; required elsewhere.</summary>
    public string? ChainKey { get; set; }

    /// <summary>The chain's former keys, oldest first: they still verify what they wrote.</summary>
    public string[] PreviousChainKeys { get; set; } = [];

    /// <summary>The private key that signs checkpoints: ECDSA, PKCS#8 in base64. Made and kept in Development; required elsewhere.</summary>
    public string? CheckpointKey { get; set; }

    /// <summary>The file for checkpoints, best on another volume than the log. The application's log has them in any case.</summary>
    public string CheckpointPath { get; set; } = "audit/checkpoints.txt";

    /// <summary>Where checkpoints are posted as well: https, or http to loopback.</summary>
    public Uri? CheckpointUrl { get; set; }

    /// <summary>The number of records after which a checkpoint is signed.</summary>
    public int CheckpointRecords { get; set; } = 1000;

    /// <summary>The longest time that a record waits for a checkpoint.</summary>
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether a keyed hash stands for the user's id. It changes with the chain's key.</summary>
    public bool PseudonymiseUsers { get; set; }

    /// <summary>Whether IP addresses are cut to their network: 24 bits of an IPv4 address, 48 of an IPv6 one.</summary>
    public bool ShortenIpAddresses { get; set; }

    /// <summary>Whether a keyed hash of the prompt and of the answer is recorded: it tells equal texts, and nothing else.</summary>
    public bool HashContent { get; set; }
}
