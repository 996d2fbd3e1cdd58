using System.Security.Cryptography;
using FluentValidation;

namespace Acme.App.Auditing;

/// <summary>Refuses an audit log that could not be kept or could not be believed.</summary>
internal sealed class AuditOptionsValidator : AbstractValidator<AuditOptions>
{
    private const string MakeKeys = "Run \"audit keys\" to make the keys, and keep them where Mistral's key is kept.";

    public AuditOptionsValidator(IHostEnvironment environment)
    {
        RuleFor(options => options.Path).NotEmpty().WithMessage("No file is named.").WithState(_ => "Set it to a file, for example \"audit/audit.jsonl\".");
        RuleFor(options => options.CheckpointPath).NotEmpty().NotEqual(options => options.Path)
            .WithMessage("Checkpoints need a file of their own.").WithState(_ => "Set it to another file than \"Audit:Path\", best on another volume.");
        RuleFor(options => options.Durability).IsInEnum().WithMessage("It is neither Process nor Disk.").WithState(_ => "Set it to \"Process\" or to \"Disk\".");
        RuleFor(options => options.OnFailure).IsInEnum().WithMessage("It is neither FailClosed nor FailOpen.").WithState(_ => "Set it to \"FailClosed\" or to \"FailOpen\".");
        RuleFor(options => options.MaxFileBytes).InclusiveBetween(1 << 16, 1L << 40)
            .WithMessage("A file cannot have this size.").WithState(_ => "Set it to a number of bytes from 65536 to 1099511627776.");
        RuleFor(options => options.CheckpointRecords).InclusiveBetween(1, 1_000_000)
            .WithMessage("It is not between 1 and 1000000.").WithState(_ => "Set it to 1000, the default, or near it.");
        RuleFor(options => options.CheckpointInterval).InclusiveBetween(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))
            .WithMessage("It is not between a second and a day.").WithState(_ => "Set it to a time such as \"00:01:00\".");
        RuleFor(options => options.CheckpointUrl).Must(url => url is null or { IsAbsoluteUri: true, Scheme: "https" } or { IsAbsoluteUri: true, Scheme: "http", IsLoopback: true })
            .WithMessage("Checkpoints would travel unprotected.").WithState(_ => "Set it to an https address, or leave it out.");
        RuleFor(options => options.ChainKey).Must(key => string.IsNullOrEmpty(key) ? environment.IsDevelopment() : AuditKey.TryParse(key) is not null)
            .WithMessage("The audit log needs a key for its chain outside Development: 32 bytes or more in base64.").WithState(_ => MakeKeys);
        RuleForEach(options => options.PreviousChainKeys).Must(key => AuditKey.TryParse(key) is not null)
            .WithMessage("It is not 32 bytes or more in base64.").WithState(_ => "Set it to a former value of \"Audit:ChainKey\".");
        RuleFor(options => options.CheckpointKey).Must(key => string.IsNullOrEmpty(key) ? environment.IsDevelopment() : CanSign(key))
            .WithMessage("Checkpoints need a key to be signed with outside Development: an ECDSA private key, PKCS#8 in base64.").WithState(_ => MakeKeys);
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
