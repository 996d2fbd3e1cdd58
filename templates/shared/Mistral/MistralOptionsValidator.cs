using System.Linq.Expressions;
using Acme.App.Configuration;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Refuses settings by which requests would go to the wrong place, to a wrong model, or wait for ever.</summary>
internal sealed class MistralOptionsValidator : AbstractValidator<MistralOptions>
{
    public MistralOptionsValidator(IOptions<PolicyOptions> policy)
    {
        Rule(options => options.Endpoint, IsSafe, "The endpoint must be an absolute https address, or http for loopback, without user name, query or fragment.",
            "Set 'Mistral:Endpoint' to https://api.mistral.ai or another https address of Mistral's.");
        Rule(options => options.Model, model => PolicyIn(policy)?.AllowedModels.Contains(model) ?? true, "The model is not on this environment's list of allowed models.",
            "Set 'Mistral:Model' to a model of 'Policy:AllowedModels', or add the model there.");
        Rule(options => options.Offline, offline => !offline || (PolicyIn(policy)?.OfflineAllowed ?? true), "The offline stand-in is not allowed in this environment.",
            "Set 'Mistral:Offline' to false, or run in Development.");
        Rule(options => options.ModerationModel, model => !string.IsNullOrWhiteSpace(model), "The moderation model must be named.",
            "Set 'Mistral:ModerationModel', for example to mistral-moderation-2603.");
        Rule(options => options.MaxResponseBytes, bytes => bytes is >= 1024 and <= 1024 * 1024 * 1024, "The most bytes of an answer must be between 1 KiB and 1 GiB.",
            "Set 'Mistral:MaxResponseBytes' within these bounds.");
        Rule(options => options.Guardrails.Thresholds, thresholds => thresholds.Values.All(threshold => threshold is >= 0 and <= 1), "Each threshold must be between 0 and 1.",
            "Set every value under 'Mistral:Guardrails:Thresholds' between 0 and 1.");
        Rule(options => options.Resilience.MaxRetries, retries => retries is >= 0 and <= 10, "The number of retries must be between 0 and 10.",
            "Set 'Mistral:Resilience:MaxRetries' within these bounds.");
        Rule(options => options.Resilience.BreakerFailureRatio, ratio => ratio is > 0 and <= 1, "The failure ratio must be above 0 and at most 1.",
            "Set 'Mistral:Resilience:BreakerFailureRatio' within these bounds.");
        Limit(options => options.Resilience.BaseDelay, "BaseDelay", least: 1);
        Limit(options => options.Resilience.MaxDelay, "MaxDelay", least: 1);
        Limit(options => options.Resilience.AttemptTimeout, "AttemptTimeout", least: 100);
        Limit(options => options.Resilience.TotalTimeout, "TotalTimeout", least: 100);
        Limit(options => options.Resilience.IdleTimeout, "IdleTimeout", least: 100);
        Limit(options => options.Resilience.BreakerDuration, "BreakerDuration", least: 500);
    }

    private static bool IsSafe(Uri? endpoint) =>
        endpoint is { IsAbsoluteUri: true, UserInfo: "", Query: "", Fragment: "" }
        && (endpoint.Scheme == Uri.UriSchemeHttps || (endpoint.Scheme == Uri.UriSchemeHttp && endpoint.IsLoopback));

    private void Limit(Expression<Func<MistralOptions, TimeSpan>> setting, string name, int least) => Rule(
        setting, time => time >= TimeSpan.FromMilliseconds(least) && time <= TimeSpan.FromHours(1), $"The time must be between {least} milliseconds and one hour.",
        $"Set 'Mistral:Resilience:{name}' within these bounds, written as hours:minutes:seconds.");

    private void Rule<T>(Expression<Func<MistralOptions, T>> setting, Func<T, bool> holds, string problem, string remedy) =>
        RuleFor(setting).Must(holds).WithMessage(problem).WithState(_ => remedy);

    /// <summary>A policy that is wrong itself is reported by its own validator, and judges nothing here.</summary>
    private static PolicyOptions? PolicyIn(IOptions<PolicyOptions> policy)
    {
        try
        {
            return policy.Value;
        }
        catch (OptionsValidationException)
        {
            return null;
        }
    }
}
