using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Refuses settings by which requests would go to the wrong place, to a wrong model, or wait for ever.</summary>
internal sealed class MistralOptionsValidator : OptionsValidator<MistralOptions>
{
    public MistralOptionsValidator(IOptions<PolicyOptions> policy)
    {
        Rule(nameof(MistralOptions.Endpoint), options => IsSafe(options.Endpoint),
            "The endpoint must be an absolute https address, or http for loopback, without user name, query or fragment.",
            "Set 'Mistral:Endpoint' to https://api.mistral.ai or another https address of Mistral's.");
        Rule(nameof(MistralOptions.Model), options => Allows(policy, allowed => allowed.AllowedModels.Contains(options.Model)),
            "The model is not on this environment's list of allowed models.",
            "Set 'Mistral:Model' to a model of 'Policy:AllowedModels', or add the model there.");
        Rule(nameof(MistralOptions.Offline), options => !options.Offline || Allows(policy, allowed => allowed.OfflineAllowed),
            "The offline stand-in is not allowed in this environment.", "Set 'Mistral:Offline' to false, or run in Development.");
        Rule(nameof(MistralOptions.ModerationModel), options => !string.IsNullOrWhiteSpace(options.ModerationModel),
            "The moderation model must be named.", "Set 'Mistral:ModerationModel', for example to mistral-moderation-2603.");
        Rule(nameof(MistralOptions.MaxResponseBytes), options => options.MaxResponseBytes is >= 1024 and <= 1024 * 1024 * 1024,
            "The most bytes of an answer must be between 1 KiB and 1 GiB.", "Set 'Mistral:MaxResponseBytes' within these bounds.");
        Rule("Guardrails:Thresholds", options => options.Guardrails.Thresholds.Values.All(threshold => threshold is >= 0 and <= 1),
            "Each threshold must be between 0 and 1.", "Set every value under 'Mistral:Guardrails:Thresholds' between 0 and 1.");
        Rule("Resilience:MaxRetries", options => options.Resilience.MaxRetries is >= 0 and <= 10,
            "The number of retries must be between 0 and 10.", "Set 'Mistral:Resilience:MaxRetries' within these bounds.");
        Rule("Resilience:BreakerFailureRatio", options => options.Resilience.BreakerFailureRatio is > 0 and <= 1,
            "The failure ratio must be above 0 and at most 1.", "Set 'Mistral:Resilience:BreakerFailureRatio' within these bounds.");
        Limit("BaseDelay", resilience => resilience.BaseDelay, least: 1);
        Limit("MaxDelay", resilience => resilience.MaxDelay, least: 1);
        Limit("AttemptTimeout", resilience => resilience.AttemptTimeout, least: 100);
        Limit("TotalTimeout", resilience => resilience.TotalTimeout, least: 100);
        Limit("IdleTimeout", resilience => resilience.IdleTimeout, least: 100);
        Limit("BreakerDuration", resilience => resilience.BreakerDuration, least: 500);
    }

    private static bool IsSafe(Uri? endpoint) =>
        endpoint.IsProtected() && endpoint is { UserInfo: "", Query: "", Fragment: "" };

    private void Limit(string name, Func<MistralResilienceOptions, TimeSpan> time, int least) => Rule(
        $"Resilience:{name}",
        options => IsBetween(time(options.Resilience), TimeSpan.FromMilliseconds(least), TimeSpan.FromHours(1)),
        $"The time must be between {least} milliseconds and one hour.",
        $"Set 'Mistral:Resilience:{name}' within these bounds, written as hours:minutes:seconds.");

    /// <summary>A policy that is wrong, and so allows no model at all, is reported by its own validator, and judges nothing here.</summary>
    private static bool Allows(IOptions<PolicyOptions> policy, Func<PolicyOptions, bool> allows) =>
        policy.ValueOrDefault() is var found && (found.AllowedModels is [] || allows(found));
}
