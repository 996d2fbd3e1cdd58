using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys;

/// <summary>Reads the key before the program starts. Offline needs none; whether it is allowed is judged elsewhere.</summary>
internal sealed class KeyCheck(KeyRing ring, IKeySource source, IConfiguration configuration, IHostEnvironment environment, IOptions<KeyOptions> options) : IStartUpCheck
{
    // The room of Mistral's options lies above this one, so the setting is read by its name.
    public static bool IsOffline(IConfiguration configuration) => bool.TryParse(configuration["Mistral:Offline"], out var offline) && offline;

    public async Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        if (IsOffline(configuration))
            return [];

        var instead = environment.IsDevelopment() && source is not EnvironmentKeySource
            ? new[] { new ConfigurationProblem(EnvironmentKeySource.Variable, ConfigurationOrigin.NotSet, "The store gives no key, and no key is set that would do instead while developing.", EnvironmentKeySource.Remedy(environment)) }
            : [];
        try
        {
            var problems = await ring.LoadAsync(options.ValueOrDefault().Timeout, cancellationToken);
            return problems.Count > 0 ? [.. problems, .. instead] : problems;
        }
        catch (OptionsValidationException)
        {
            // What is wrong with the store's settings, their own check says.
            return instead;
        }
    }
}
