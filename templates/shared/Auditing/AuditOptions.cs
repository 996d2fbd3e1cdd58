using Acme.App.Configuration;
using FluentValidation;

namespace Acme.App.Auditing;

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

    /// <summary>What a record survives, before its answer leaves.</summary>
    public Durability Durability { get; set; } = Durability.Process;

    /// <summary>While records cannot be written: closed refuses every request, open answers, counts the loss and logs an alarm.</summary>
    public FailureMode FailureMode { get; set; } = FailureMode.Closed;

    /// <summary>The size in bytes at which a file is full. A new day begins a new file, too.</summary>
    public long MaxFileBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The chain's key: 32 random bytes or more, in base64. Made and kept beside the log in Development; required elsewhere.</summary>
    public string? ChainKey { get; set; }

    /// <summary>The chain's former keys, oldest first: they still verify what they wrote.</summary>
    public string[] PreviousChainKeys { get; set; } = [];

    /// <summary>The private key that signs checkpoints: ECDSA, PKCS#8 in base64. Made and kept in Development; required elsewhere.</summary>
    public string? CheckpointKey { get; set; }

    /// <summary>The former values of <see cref="CheckpointKey"/>: what they signed is still believed.</summary>
    public string[] PreviousCheckpointKeys { get; set; } = [];

    /// <summary>
    /// The file for this log's checkpoints, best on another volume. The default is beside the log, under its name with <c>.checkpoints</c>. The
    /// application's log has them as well, always.
    /// </summary>
    public string? CheckpointPath { get; set; }

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

/// <summary>Refuses an audit log that could not be kept or could not be believed.</summary>
internal sealed class AuditOptionsValidator : OptionsValidator<AuditOptions>
{
    private const string MakeKeys = "Run \"audit keys\" to make the keys, and keep them where Mistral's key is kept.";

    private readonly IHostEnvironment _environment;

    public AuditOptionsValidator(IHostEnvironment environment)
    {
        _environment = environment;
        Rule(nameof(AuditOptions.Path), options => !string.IsNullOrWhiteSpace(Path.GetFileName(options.Path)), "No file is named.",
            "Set it to a file, for example \"audit/audit.jsonl\".");
        Rule(nameof(AuditOptions.CheckpointPath), options => options.CheckpointPath != options.Path && IsApart(options),
            "Checkpoints need a file of their own.", "Set it to another file than \"Audit:Path\", best on another volume.");
        Rule(nameof(AuditOptions.MaxFileBytes), options => options.MaxFileBytes is >= 1 << 16 and <= 1L << 40,
            "A file cannot have this size.", "Set it to a number of bytes from 65536 to 1099511627776.");
        Rule(nameof(AuditOptions.CheckpointRecords), options => options.CheckpointRecords is >= 1 and <= 1_000_000,
            "It is not between 1 and 1000000.", "Set it to 1000, the default, or near it.");
        Rule(nameof(AuditOptions.CheckpointInterval), options => IsBetween(options.CheckpointInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            "It is not between a second and a day.", "Set it to a time such as \"00:01:00\".");
        Rule(nameof(AuditOptions.CheckpointUrl), options => options.CheckpointUrl is null || options.CheckpointUrl.IsProtected(),
            "Checkpoints would travel unprotected.", "Set it to an https address, or leave it out.");
        Rule(nameof(AuditOptions.ChainKey), options => options.ChainKey is { Length: > 0 } key ? AuditKey.TryParse(key) is { } : environment.IsDevelopment(),
            "The audit log needs a key for its chain outside Development: 32 bytes or more in base64.", MakeKeys);
        RuleForEach(options => options.PreviousChainKeys).Must(key => AuditKey.TryParse(key) is not null)
            .WithMessage("It is not 32 bytes or more in base64.").WithState(_ => "Set it to a former value of \"Audit:ChainKey\".");
        Rule(nameof(AuditOptions.CheckpointKey), options => options.CheckpointKey is { Length: > 0 } key ? AuditKeys.CanSign(key) : environment.IsDevelopment(),
            "Checkpoints need a key to be signed with outside Development: an ECDSA private key, PKCS#8 in base64.", MakeKeys);
        RuleForEach(options => options.PreviousCheckpointKeys).Must(AuditKeys.CanSign)
            .WithMessage("It is no ECDSA private key, PKCS#8 in base64.").WithState(_ => "Set it to a former value of \"Audit:CheckpointKey\".");
    }

    /// <summary>Whether checkpoints go to none of the log's own files, however their places are written.</summary>
    private bool IsApart(AuditOptions options)
    {
        if (string.IsNullOrEmpty(options.Path) || string.IsNullOrEmpty(options.CheckpointPath))
            return true;
        return Path.GetFileName(options.CheckpointPath).Length > 0 && !new AuditFiles(InHome(options.Path)).Owns(InHome(options.CheckpointPath));
    }

    private string InHome(string path) => Path.GetFullPath(Path.Combine(_environment.ContentRootPath, path));
}
