using System.Security.Cryptography;
using Acme.App.Configuration;
using FluentValidation;

namespace Acme.App.Auditing;

/// <summary>Refuses an audit log that could not be kept or could not be believed.</summary>
internal sealed class AuditOptionsValidator : OptionsValidator<AuditOptions>
{
    private const string MakeKeys = "Run \"audit keys\" to make the keys, and keep them where Mistral's key is kept.";

    public AuditOptionsValidator(IHostEnvironment environment)
    {
        Rule(nameof(AuditOptions.Path), options => !string.IsNullOrWhiteSpace(options.Path), "No file is named.", "Set it to a file, for example \"audit/audit.jsonl\".");
        Rule(nameof(AuditOptions.CheckpointPath), options => !string.IsNullOrEmpty(options.CheckpointPath) && options.CheckpointPath != options.Path,
            "Checkpoints need a file of their own.", "Set it to another file than \"Audit:Path\", best on another volume.");
        Rule(nameof(AuditOptions.Durability), options => Enum.IsDefined(options.Durability), "It is neither Process nor Disk.", "Set it to \"Process\" or to \"Disk\".");
        Rule(nameof(AuditOptions.OnFailure), options => Enum.IsDefined(options.OnFailure), "It is neither FailClosed nor FailOpen.", "Set it to \"FailClosed\" or to \"FailOpen\".");
        Rule(nameof(AuditOptions.MaxFileBytes), options => options.MaxFileBytes is >= 1 << 16 and <= 1L << 40,
            "A file cannot have this size.", "Set it to a number of bytes from 65536 to 1099511627776.");
        Rule(nameof(AuditOptions.CheckpointRecords), options => options.CheckpointRecords is >= 1 and <= 1_000_000,
            "It is not between 1 and 1000000.", "Set it to 1000, the default, or near it.");
        Rule(nameof(AuditOptions.CheckpointInterval), options => options.CheckpointInterval >= TimeSpan.FromSeconds(1) && options.CheckpointInterval <= TimeSpan.FromDays(1),
            "It is not between a second and a day.", "Set it to a time such as \"00:01:00\".");
        Rule(nameof(AuditOptions.CheckpointUrl), options => options.CheckpointUrl is null or { IsAbsoluteUri: true, Scheme: "https" } or { IsAbsoluteUri: true, Scheme: "http", IsLoopback: true },
            "Checkpoints would travel unprotected.", "Set it to an https address, or leave it out.");
        Rule(nameof(AuditOptions.ChainKey), options => string.IsNullOrEmpty(options.ChainKey) ? environment.IsDevelopment() : AuditKey.TryParse(options.ChainKey) is not null,
            "The audit log needs a key for its chain outside Development: 32 bytes or more in base64.", MakeKeys);
        RuleForEach(options => options.PreviousChainKeys).Must(key => AuditKey.TryParse(key) is not null)
            .WithMessage("It is not 32 bytes or more in base64.").WithState(_ => "Set it to a former value of \"Audit:ChainKey\".");
        Rule(nameof(AuditOptions.CheckpointKey), options => string.IsNullOrEmpty(options.CheckpointKey) ? environment.IsDevelopment() : CanSign(options.CheckpointKey),
            "Checkpoints need a key to be signed with outside Development: an ECDSA private key, PKCS#8 in base64.", MakeKeys);
    }

    private static bool CanSign(string key)
    {
        try
        {
            using var signing = AuditKeys.ImportSigningKey(key);
            return true;
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            return false;
        }
    }
}
