using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>Where the key lies in Vault's key-value store, version 2.</summary>
internal sealed class VaultKeyOptions
{
    public const string SectionName = "Keys:Vault";

    /// <summary>
    /// Vault's address, for example <c>https://vault.example.org:8200</c>, with the path before <c>/v1</c> where a proxy adds one. Plain
    /// http is taken for loopback only.
    /// </summary>
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

internal sealed class VaultKeyOptionsValidator : OptionsValidator<VaultKeyOptions>
{
    public VaultKeyOptionsValidator()
    {
        Rule(nameof(VaultKeyOptions.Address), options => options.Address.IsProtected(),
            "Vault's address is not an https address.", "Set it, for example https://vault.example.org:8200.");
        Rule(nameof(VaultKeyOptions.Mount), options => IsPath(options.Mount),
            "The mount is empty or not a plain path.", "Set the mount of the key-value store, for example secret.");
        Rule(nameof(VaultKeyOptions.Path), options => IsPath(options.Path),
            "The secret's path is empty or not a plain path.", "Set the path below the mount, for example mistral/production.");
        Rule(nameof(VaultKeyOptions.Field), options => !string.IsNullOrWhiteSpace(options.Field),
            "The secret's field is not named.", "Set the name of the field, for example api_key.");
        Rule(nameof(VaultKeyOptions.TokenFile), options => Path.IsPathFullyQualified(options.TokenFile),
            "The path of the file with Vault's token is not a full path.", "Set it to the sink of Vault's agent, for example /run/vault/token.");
        Rule(nameof(VaultKeyOptions.Namespace), options => options.Namespace is null or "" || IsPath(options.Namespace.Trim('/')),
            "The namespace is not a plain path.", "Set Vault's namespace, for example admin/team, or remove the setting.");
    }

    private static bool IsPath(string path) => path.Split('/').All(part => part is not ("" or "." or ".."))
        && path.All(letter => char.IsAsciiLetterOrDigit(letter) || "/-_.".Contains(letter));
}
