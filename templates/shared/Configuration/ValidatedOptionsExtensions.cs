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
        builder.Services.AddOptions().AddSingleton(section);
        builder.Services.TryAddSingleton<IValidator<TOptions>, TValidator>();
        builder.Services.AddSingleton<IOptionsFactory<TOptions>>(services => ActivatorUtilities.CreateInstance<ValidatedOptions<TOptions>>(services, section));
        builder.Services.AddSingleton(new StartUpCheck((services, _) => Task.FromResult(services.GetRequiredService<IOptions<TOptions>>().Value)));
        return builder;
    }

    /// <summary>
    /// The options, or while they are wrong their defaults: for what is made before the checks have refused the start, so that the
    /// one problem does not hide the others.
    /// </summary>
    public static TOptions ValueOrDefault<TOptions>(this IOptions<TOptions> options)
        where TOptions : class, new()
    {
        try
        {
            return options.Value;
        }
        catch (ConfigurationException)
        {
            return new TOptions();
        }
    }
}
