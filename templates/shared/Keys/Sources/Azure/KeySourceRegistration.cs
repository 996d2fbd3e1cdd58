using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from Azure Key Vault.</summary>
internal static class KeySourceRegistration
{
    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<AzureKeyOptions, AzureKeyOptionsValidator>(AzureKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, AzureKeySource>();
}
