namespace Acme.App.Configuration;

/// <summary>What this environment allows. It stands in appsettings.{Environment}.json and has no default: no policy, no start.</summary>
internal sealed class PolicyOptions
{
    public const string SectionName = "Policy";

    /// <summary>The models that a request may name.</summary>
    public string[] AllowedModels { get; set; } = [];

    /// <summary>The most tokens that one answer may cost.</summary>
    public int MaxTokensPerRequest { get; set; }

    /// <summary>Whether <c>Mistral:Offline</c> may be switched on here.</summary>
    public bool OfflineAllowed { get; set; }
}
