using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.KeyPerFile;

namespace Acme.App.Configuration;

/// <summary>Tells where a setting's value came from, without telling the value.</summary>
internal static class ConfigurationOrigin
{
    public const string NotSet = "not set";

    public static string OriginOf(this IConfiguration configuration, string key)
    {
        if (configuration is not IConfigurationRoot root)
            return NotSet;

        foreach (var provider in root.Providers.Reverse())
        {
            if (provider is ChainedConfigurationProvider chained && chained.Configuration.OriginOf(key) is var inner && inner != NotSet)
                return inner;
            if (provider is not ChainedConfigurationProvider && (provider.TryGet(key, out _) || provider.GetChildKeys([], key).Any()))
                return Name(provider, key);
        }

        return NotSet;
    }

    private static string Name(IConfigurationProvider provider, string key) => provider switch
    {
        DotEnvSource.DotEnvProvider dotEnv => dotEnv.OriginOf(key) ?? ".env",
        JsonConfigurationProvider json => json.Source.Path ?? "a settings file",
        EnvironmentVariablesConfigurationProvider => $"environment variable {key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal)}",
        KeyPerFileConfigurationProvider => $"file {key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal)} in {ConfigurationServiceCollectionExtensions.SettingsFolder}",
        CommandLineConfigurationProvider => "command line",
        _ => "the program's code",
    };
}
