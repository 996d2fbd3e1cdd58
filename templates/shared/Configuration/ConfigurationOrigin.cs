using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.KeyPerFile;

namespace Acme.App.Configuration;

/// <summary>Tells where a setting's value came from, without telling the value.</summary>
internal static class ConfigurationOrigin
{
    public const string NotSet = "not set";

    /// <param name="itself">Whether a section's own value is meant, and not what is in the section.</param>
    public static string OriginOf(this IConfiguration configuration, string key, bool itself = false) =>
        (configuration as IConfigurationRoot)?.Providers.Reverse().Select(provider => OriginIn(provider, key, itself)).OfType<string>().FirstOrDefault()
            ?? NotSet;

    private static string? OriginIn(IConfigurationProvider provider, string key, bool itself) => provider switch
    {
        HiddenSettings.HidingProvider hiding => OriginIn(hiding.Inner, key, itself),
        ChainedConfigurationProvider chained => chained.Configuration.OriginOf(key, itself) is var inner && inner != NotSet ? inner : null,
        _ when !provider.TryGet(key, out _) && (itself || !provider.GetChildKeys([], key).Any()) => null,
        DotEnvSource.DotEnvProvider dotEnv => dotEnv.OriginOf(key) ?? ".env",
        JsonConfigurationProvider json => json.Source.Path ?? "a settings file",
        EnvironmentVariablesConfigurationProvider => $"environment variable {WithUnderscores(key)}",
        KeyPerFileConfigurationProvider => $"file {WithUnderscores(key)} in {ConfigurationServiceCollectionExtensions.SettingsFolder}",
        CommandLineConfigurationProvider => "command line",
        _ => "the program's code",
    };

    private static string WithUnderscores(string key) => key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal);
}
