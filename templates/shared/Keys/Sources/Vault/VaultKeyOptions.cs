using FluentValidation;

namespace Acme.App.Keys.Sources;

/// <summary>Where the key lies in Vault's key-value store, version 2.</summary>
internal sealed class VaultKeyOptions
{
    public const string SectionName = "Keys:Vault";

    /// <summary>Vault's address, for example <c>https://vault.example.org:8200</c>. Plain http is taken for loopback only.</summary>
    public Uri? Address { get; set; }

    /// <summary>The mount of the key-value store. The default is <c>secret</c>.</summary>
    public string Mount { get; set; } = "secret";

    /// <summary>The secret's path below the mount.</summary>
    public string Path { get; set; } = "";

    /// <summary>The field of the secret that holds the key. The default is <c>api_key</c>.</summary>
    public string Field { get; set; } = "api_key";

    /// <summary>The file with the token, which Vault's agent renews. It is read for each request.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>The namespace, in Vault Enterprise. The default is none.</summary>
    public string? Namespace { get; set; }
}

internal sealed class VaultKeyOptionsValidator : AbstractValidator<VaultKeyOptions>
{
    public VaultKeyOptionsValidator()
    {
        RuleFor(options => options.Address)
            .Must(address => address is { IsAbsoluteUri: true } && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)))
            .WithMessage("Vault's address is not an https address.").WithState(_ => "Set it, for example https://vault.example.org:8200.");
        RuleFor(options => options.Mount).Must(IsPath).WithMessage("The mount is empty or not a plain path.").WithState(_ => "Set the mount of the key-value store, for example secret.");
        RuleFor(options => options.Path).Must(IsPath).WithMessage("The secret's path is empty or not a plain path.").WithState(_ => "Set the path below the mount, for example mistral/production.");
        RuleFor(options => options.Field).NotEmpty().WithMessage("The secret's field is not named.").WithState(_ => "Set the name of the field, for example api_key.");
        RuleFor(options => options.TokenFile)
            .Must(Path.IsPathFullyQualified).WithMessage("The path of the file with Vault's token is not a full path.").WithState(_ => "Set it to the sink of Vault's agent, for example /run/vault/token.");
    }

    private static bool IsPath(string path) =>
        path.Length > 0 && path.Split('/').All(part => part.Length > 0 && part is not ("." or "..")) && path.All(letter => char.IsAsciiLetterOrDigit(letter) || "/-_.".Contains(letter));
}
