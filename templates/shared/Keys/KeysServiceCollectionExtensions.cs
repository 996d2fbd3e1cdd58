using Acme.App.Configuration;
using Acme.App.Keys.Sources;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Acme.App.Keys;

internal static class KeysServiceCollectionExtensions
{
    /// <summary>Brings in the key: where it comes from, how it is held and how it is replaced.</summary>
    public static IHostApplicationBuilder AddKeys(this IHostApplicationBuilder builder)
    {
        builder.Configuration.Hide(EnvironmentKeySource.Variable);
        builder.AddValidatedOptions<KeyOptions, KeyOptionsValidator>(KeyOptions.SectionName);

        // While developing, the environment or .env will do. Elsewhere only the chosen source counts: a store that cannot
        // be read must not be covered up by a forgotten variable.
        if (builder.Environment.IsDevelopment()
            && (KeyCheck.IsOffline(builder.Configuration) || EnvironmentKeySource.IsSet(builder.Configuration, builder.Environment)))
        {
            builder.Services.AddSingleton<KeySource, EnvironmentKeySource>();
            // The chosen source's settings may stand where all environments read them: unused, they are no slip of the pen.
            if (KeySourceRegistration.Section is { } unused)
                builder.Services.AddSingleton(new ValidatedSection(unused));
        }
        else
        {
            builder.AddKeySource();
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Func<IKeyVerifier>>(services => services.GetRequiredService<IKeyVerifier>);
        builder.Services.AddSingleton<Func<IEnumerable<IKeyEvents>>>(services => services.GetServices<IKeyEvents>);
        builder.Services.AddSingleton<KeyMetrics>();
        builder.Services.AddSingleton<KeyRing>();
        builder.Services.AddSingleton<IApiKeys>(services => services.GetRequiredService<KeyRing>());
        builder.Services.AddSingleton(new StartUpCheck((services, cancellationToken) =>
            ActivatorUtilities.CreateInstance<KeyCheck>(services).RunAsync(cancellationToken)));
        builder.Services.AddHostedService<KeyPolling>();
        return builder;
    }
}
