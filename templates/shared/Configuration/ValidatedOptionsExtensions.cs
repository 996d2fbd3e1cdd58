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
        builder.Services.AddOptions<TOptions>().Configure<IConfiguration>((options, configuration) => Bind(options, configuration, section));
        builder.Services.AddSingleton(section);
        builder.Services.AddSingleton<IValidateOptions<TOptions>>(services =>
            new FluentOptionsValidator<TOptions>(sectionName, builder.Configuration, services.GetRequiredService<IValidator<TOptions>>()));
        builder.Services.AddSingleton<IStartUpCheck>(services => ActivatorUtilities.CreateInstance<OptionsCheck<TOptions>>(services, section));
        return builder;
    }

    // The binder's own exception quotes the value.
    private static void Bind<TOptions>(TOptions options, IConfiguration configuration, ValidatedSection section)
    {
        try
        {
            configuration.GetSection(section.Name).Bind(options);
        }
        catch (InvalidOperationException)
        {
            var problem = new ConfigurationProblem(section.Name, configuration.OriginOf(section.Name), "The section holds a value that is not of its setting's type.", "Correct the value.");
            throw new OptionsValidationException(Options.DefaultName, typeof(TOptions), [problem.ToFailure()]);
        }
    }
}
