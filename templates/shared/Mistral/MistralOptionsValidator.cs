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
        RuleFor(options => options.Endpoint)
            .Must(endpoint => endpoint is { IsAbsoluteUri: true } && (endpoint.Scheme == Uri.UriSchemeHttps || (endpoint.Scheme == Uri.UriSchemeHttp && endpoint.IsLoopback)))
            .WithMessage("The endpoint must be an absolute https address; plain http is taken for loopback only.")
            .WithState(_ => "Set 'Mistral:Endpoint' to https://api.mistral.ai or another https address of Mistral's.");
        RuleFor(options => options.Endpoint)
            .Must(endpoint => endpoint is not { IsAbsoluteUri: true } || (endpoint.UserInfo + endpoint.Query + endpoint.Fragment).Length == 0)
            .WithMessage("The endpoint must hold no user name, password, query or fragment.")
            .WithState(_ => "Leave only scheme, host, port and path in 'Mistral:Endpoint'.");
        RuleFor(options => options.Model)
            .Must(model => AllowedBy(policy)?.AllowedModels.Contains(model) ?? true)
            .WithMessage("The model is not on this environment's list of allowed models.")
            .WithState(_ => "Set 'Mistral:Model' to a model of 'Policy:AllowedModels', or add the model there.");
        RuleFor(options => options.Offline)
            .Must(offline => !offline || (AllowedBy(policy)?.OfflineAllowed ?? true))
            .WithMessage("The offline stand-in is not allowed in this environment.")
            .WithState(_ => "Set 'Mistral:Offline' to false, or run in Development.");
        RuleFor(options => options.ModerationModel).NotEmpty()
            .WithMessage("The moderation model must be named.")
            .WithState(_ => "Set 'Mistral:ModerationModel', for example to mistral-moderation-2603.");
        RuleFor(options => options.MaxResponseBytes).InclusiveBetween(1024, 1024 * 1024 * 1024)
            .WithMessage("The most bytes of an answer must be between 1 KiB and 1 GiB.")
            .WithState(_ => "Set 'Mistral:MaxResponseBytes' within these bounds.");
        RuleFor(options => options.Guardrails.Thresholds)
            .Must(thresholds => thresholds.Values.All(threshold => threshold is >= 0 and <= 1))
            .WithMessage("Each threshold must be between 0 and 1.")
            .WithState(_ => "Set every value under 'Mistral:Guardrails:Thresholds' between 0 and 1.");
        AddResilienceRules();
    }

    private void AddResilienceRules()
    {
        RuleFor(options => options.Resilience.MaxRetries).InclusiveBetween(0, 10)
            .WithMessage("The number of retries must be between 0 and 10.")
            .WithState(_ => "Set 'Mistral:Resilience:MaxRetries' within these bounds.");
        RuleFor(options => options.Resilience.BreakerFailureRatio).Must(ratio => ratio is > 0 and <= 1)
            .WithMessage("The failure ratio must be above 0 and at most 1.")
            .WithState(_ => "Set 'Mistral:Resilience:BreakerFailureRatio' within these bounds.");
        Limit(options => options.Resilience.BaseDelay, "BaseDelay", least: 1);
        Limit(options => options.Resilience.MaxDelay, "MaxDelay", least: 1);
        Limit(options => options.Resilience.AttemptTimeout, "AttemptTimeout", least: 100);
        Limit(options => options.Resilience.TotalTimeout, "TotalTimeout", least: 100);
        Limit(options => options.Resilience.IdleTimeout, "IdleTimeout", least: 100);
        Limit(options => options.Resilience.BreakerDuration, "BreakerDuration", least: 500);
        RuleFor(options => options.Resilience.TotalTimeout)
            .GreaterThanOrEqualTo(options => options.Resilience.AttemptTimeout)
            .WithMessage("The total time must not be shorter than the time of one attempt.")
            .WithState(_ => "Raise 'Mistral:Resilience:TotalTimeout' or lower 'Mistral:Resilience:AttemptTimeout'.");
    }

    private void Limit(Expression<Func<MistralOptions, TimeSpan>> time, string name, int least) =>
        RuleFor(time).InclusiveBetween(TimeSpan.FromMilliseconds(least), TimeSpan.FromHours(1))
            .WithMessage($"The time must be between {least} milliseconds and one hour.")
            .WithState(_ => $"Set 'Mistral:Resilience:{name}' within these bounds, written as hours:minutes:seconds.");

    /// <summary>A policy that is wrong itself is reported by its own validator, and judges nothing here.</summary>
    private static PolicyOptions? AllowedBy(IOptions<PolicyOptions> policy)
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
