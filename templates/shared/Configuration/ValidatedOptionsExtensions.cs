using FluentValidation;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

internal static class ValidatedOptionsExtensions
{
    /// <summary>
    /// Binds a section to options that are validated before the program starts. A rule says what is wrong by
    /// <c>WithMessage</c> and how to mend it by <c>WithState(_ =&gt; "…")</c>; neither may quote the value.
    /// </summary>
    public static IHostApplicationBuilder AddValidatedOptions<TOptions, TValidator>(this IHostApplicationBuilder builder, string sectionName)
        where TOptions : class, new()
        where TValidator : class, IValidator<TOptions>
    {
        var section = new ValidatedSection(sectionName);
        builder.Services.TryAddSingleton<IValidator<TOptions>, TValidator>();
        builder.Services.AddOptions<TOptions>().BindConfiguration(sectionName);
        builder.Services.AddSingleton(section);
        builder.Services.AddSingleton<IValidateOptions<TOptions>>(services =>
            new FluentOptionsValidator<TOptions>(sectionName, builder.Configuration, services.GetRequiredService<IValidator<TOptions>>()));
        builder.Services.AddSingleton<IStartUpCheck>(services => ActivatorUtilities.CreateInstance<OptionsCheck<TOptions>>(services, section));
        return builder;
    }
}
