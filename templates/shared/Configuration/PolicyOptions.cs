using FluentValidation;

namespace Acme.App.Configuration;

/// <summary>What this environment allows. It stands in appsettings.{Environment}.json and has no default: no policy, no start.</summary>
internal sealed class PolicyOptions
{
    public const string SectionName = "Policy";

    /// <summary>The environments that there are; each has its policy.</summary>
    public static IReadOnlyList<string> KnownEnvironments { get; } = [Environments.Development, Environments.Staging, Environments.Production];

    /// <summary>The models that a request may name.</summary>
    public string[] AllowedModels { get; set; } = [];

    /// <summary>The most tokens that one answer may cost.</summary>
    public int MaxTokensPerRequest { get; set; }

    /// <summary>Whether <c>Mistral:Offline</c> may be switched on here.</summary>
    public bool OfflineAllowed { get; set; }
}

internal sealed class PolicyOptionsValidator : OptionsValidator<PolicyOptions>
{
    public PolicyOptionsValidator(IHostEnvironment environment)
    {
        Rule(nameof(PolicyOptions.AllowedModels), policy => policy.AllowedModels.Length > 0,
            "No model is allowed in this environment.", $"List the models' names in {ProgramHome.SettingsFileOf(environment.EnvironmentName)}.");
        RuleForEach(policy => policy.AllowedModels)
            .NotEmpty().WithMessage("The model's name is empty.")
            .WithState(_ => "Write the name of a model, for example mistral-small-latest.");
        Rule(nameof(PolicyOptions.MaxTokensPerRequest), policy => policy.MaxTokensPerRequest > 0,
            "The most tokens that one answer may cost is not positive.", "Set a positive number, for example 4000.");
        Rule(nameof(PolicyOptions.OfflineAllowed), policy => !policy.OfflineAllowed || environment.IsDevelopment(),
            "Answers without Mistral are allowed outside Development.", "Set it to false.");
    }
}
