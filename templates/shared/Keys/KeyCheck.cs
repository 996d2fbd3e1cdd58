using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys;

/// <summary>Reads the key before the program starts. Offline needs none; whether it is allowed is judged elsewhere.</summary>
internal sealed class KeyCheck(KeyRing ring, IConfiguration configuration, IOptions<KeyOptions> options) : IStartUpCheck
{
    // The room of Mistral's options lies above this one, so the setting is read by its name.
    public static bool IsOffline(IConfiguration configuration) => bool.TryParse(configuration["Mistral:Offline"], out var offline) && offline;

    public async Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken) =>
        IsOffline(configuration) ? [] : await ring.LoadAsync(TimeLimit(), cancellationToken);

    // Options that are wrong are reported by their own check; the key is looked at all the same, so that one report names both.
    private TimeSpan TimeLimit()
    {
        try
        {
            return options.Value.Timeout;
        }
        catch (OptionsValidationException)
        {
            return new KeyOptions().Timeout;
        }
    }
}
