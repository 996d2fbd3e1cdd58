using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>Where the key lies in Azure Key Vault.</summary>
internal sealed class AzureKeyOptions
{
    public const string SectionName = "Keys:Azure";

    /// <summary>The vault's address, for example <c>https://myvault.vault.azure.net</c>.</summary>
    public Uri? Vault { get; set; }

    /// <summary>The secret's name.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The client id of a user-assigned managed identity. The default is none: the system-assigned one.</summary>
    public string? ClientId { get; set; }
}

internal sealed class AzureKeyOptionsValidator : OptionsValidator<AzureKeyOptions>
{
    public AzureKeyOptionsValidator()
    {
        Rule(nameof(AzureKeyOptions.Vault), options => options.Vault is { IsAbsoluteUri: true, Scheme: "https" },
            "The vault's address is not an https address.", "Set it, for example https://myvault.vault.azure.net.");
        Rule(
            nameof(AzureKeyOptions.Secret),
            options => options.Secret.Length > 0 && options.Secret.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'),
            "The secret is not named, or its name holds a letter that Azure does not allow.", "Set the secret's name, for example mistral-api-key.");
    }
}
