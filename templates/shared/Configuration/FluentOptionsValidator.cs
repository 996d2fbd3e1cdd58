using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>Lets FluentValidation judge options, and reports names and origins, never values.</summary>
internal sealed class FluentOptionsValidator<TOptions>(string section, IConfiguration configuration, IValidator<TOptions> validator)
    : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var problems = Judge(options);
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems.Select(problem => problem.ToFailure()));
    }

    public List<ConfigurationProblem> Judge(TOptions options) =>
        [.. validator.Validate(options).Errors.Select(failure =>
        {
            // FluentValidation names an element "Models[0].Name"; the configuration names it "Models:0:Name".
            var path = failure.PropertyName.Replace("[", ":", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Replace('.', ':');
            var setting = path.Length == 0 ? section : $"{section}:{path}";
            return new ConfigurationProblem(setting, configuration.OriginOf(setting), failure.ErrorMessage, failure.CustomState as string ?? "Correct the setting.");
        })];
}
