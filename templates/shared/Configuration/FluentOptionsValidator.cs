using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>Lets FluentValidation judge options, and reports names, never values.</summary>
internal sealed class FluentOptionsValidator<TOptions>(string sectionName, IValidator<TOptions> validator) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var failures = validator.Validate(options).Errors;
        return failures.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(failures.Select(failure => $"{sectionName}:{failure.PropertyName}: {failure.ErrorMessage} {failure.CustomState}"));
    }
}
