using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from Azure Key Vault.</summary>
internal static class KeySourceRegistration
{
    /// <summary>The section of the source's settings.</summary>
    public static string? Section => AzureKeyOptions.SectionName;

    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<AzureKeyOptions, AzureKeyOptionsValidator>(AzureKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, AzureKeySource>();
}
