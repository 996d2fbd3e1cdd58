using FluentValidation;

namespace Acme.App.Keys.Sources;

/// <summary>Where the key lies in Google Cloud Secret Manager.</summary>
internal sealed class GcpKeyOptions
{
    public const string SectionName = "Keys:Gcp";

    /// <summary>The project's id or number.</summary>
    public string Project { get; set; } = "";

    /// <summary>The secret's name.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The version to read. The default is <c>latest</c>.</summary>
    public string Version { get; set; } = "latest";

    /// <summary>The service's address, where it is a regional one. The default follows from the credential.</summary>
    public Uri? Endpoint { get; set; }
}

internal sealed class GcpKeyOptionsValidator : AbstractValidator<GcpKeyOptions>
{
    public GcpKeyOptionsValidator()
    {
        RuleFor(options => options.Project).Must(IsName).WithMessage("The project is not named.").WithState(_ => "Set the project's id or number.");
        RuleFor(options => options.Secret).Must(IsName).WithMessage("The secret is not named.").WithState(_ => "Set the secret's name, for example mistral-api-key.");
        RuleFor(options => options.Version).Must(IsName).WithMessage("The version is not named.").WithState(_ => "Set it to latest, to a number or to an alias.");
        RuleFor(options => options.Endpoint)
            .Must(address => address is null || (address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))))
            .WithMessage("The address is not an https address.").WithState(_ => "Remove it, or set a regional address such as https://secretmanager.europe-west1.rep.googleapis.com.");
    }

    private static bool IsName(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_.:".Contains(letter));
}
