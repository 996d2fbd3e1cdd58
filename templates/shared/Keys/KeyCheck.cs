using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys;

/// <summary>Reads the key before the program starts. Offline needs none; whether it is allowed is judged elsewhere.</summary>
internal sealed class KeyCheck(KeyRing ring, KeySource source, IConfiguration configuration, IHostEnvironment environment, IOptions<KeyOptions> options)
{
    private const string NothingInstead = "The store gives no key, and no key is set that would do instead while developing.";

    // The room of Mistral's options lies above this one, so the setting is read by its name.
    public static bool IsOffline(IConfiguration configuration) => bool.TryParse(configuration["Mistral:Offline"], out var offline) && offline;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!IsOffline(configuration) && await ProblemsAsync(cancellationToken) is { Count: > 0 } problems)
            throw new ConfigurationException(problems);
    }

    private async Task<IReadOnlyList<ConfigurationProblem>> ProblemsAsync(CancellationToken cancellationToken)
    {
        ConfigurationProblem[] instead = environment.IsDevelopment() && source is not EnvironmentKeySource
            ? [new(EnvironmentKeySource.Variable, ConfigurationOrigin.NotSet, NothingInstead, EnvironmentKeySource.Remedy(environment))]
            : [];
        try
        {
            var problems = await ring.LoadAsync(options.ValueOrDefault().Timeout, cancellationToken);
            return problems.Count > 0 ? [.. problems, .. instead] : problems;
        }
        catch (ConfigurationException)
        {
            // What is wrong with the store's settings, their own check says.
            return instead;
        }
    }
}
