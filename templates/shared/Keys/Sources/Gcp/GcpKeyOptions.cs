using Acme.App.Configuration;

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

internal sealed class GcpKeyOptionsValidator : OptionsValidator<GcpKeyOptions>
{
    public GcpKeyOptionsValidator()
    {
        Rule(nameof(GcpKeyOptions.Project), options => IsName(options.Project), "The project is not named.", "Set the project's id or number.");
        Rule(nameof(GcpKeyOptions.Secret), options => IsName(options.Secret), "The secret is not named.",
            "Set the secret's name, for example mistral-api-key.");
        Rule(nameof(GcpKeyOptions.Version), options => IsName(options.Version), "The version is not named.", "Set it to latest, to a number or to an alias.");
        Rule(nameof(GcpKeyOptions.Endpoint), options => options.Endpoint is null || options.Endpoint.IsProtected(),
            "The address is not an https address.", "Remove it, or set a regional address such as https://secretmanager.europe-west1.rep.googleapis.com.");
    }

    private static bool IsName(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_.:".Contains(letter));
}
