using FluentValidation;

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

internal sealed class AzureKeyOptionsValidator : AbstractValidator<AzureKeyOptions>
{
    public AzureKeyOptionsValidator()
    {
        RuleFor(options => options.Vault)
            .Must(address => address is { IsAbsoluteUri: true } && address.Scheme == Uri.UriSchemeHttps)
            .WithMessage("The vault's address is not an https address.").WithState(_ => "Set it, for example https://myvault.vault.azure.net.");
        RuleFor(options => options.Secret)
            .Must(name => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
            .WithMessage("The secret is not named, or its name holds a letter that Azure does not allow.").WithState(_ => "Set the secret's name, for example mistral-api-key.");
    }
}
