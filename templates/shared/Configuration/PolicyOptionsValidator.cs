using FluentValidation;

namespace Acme.App.Configuration;

internal sealed class PolicyOptionsValidator : AbstractValidator<PolicyOptions>
{
    public PolicyOptionsValidator(IHostEnvironment environment)
    {
        RuleFor(policy => policy.AllowedModels)
            .NotEmpty().WithMessage("No model is allowed in this environment.")
            .WithState(_ => $"List the models' names in appsettings.{environment.EnvironmentName}.json.");
        RuleForEach(policy => policy.AllowedModels)
            .NotEmpty().WithMessage("The model's name is empty.")
            .WithState(_ => "Write the name of a model, for example mistral-small-latest.");
        RuleFor(policy => policy.MaxTokensPerRequest)
            .GreaterThan(0).WithMessage("The most tokens that one answer may cost is not positive.")
            .WithState(_ => "Set a positive number, for example 4000.");
        RuleFor(policy => policy.OfflineAllowed)
            .Equal(false).When(_ => !environment.IsDevelopment()).WithMessage("Answers without Mistral are allowed outside Development.")
            .WithState(_ => "Set it to false.");
    }
}
