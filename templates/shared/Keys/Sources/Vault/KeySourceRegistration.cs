using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from HashiCorp Vault.</summary>
internal static class KeySourceRegistration
{
    /// <summary>The section of the source's settings.</summary>
    public static string? Section => VaultKeyOptions.SectionName;

    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<VaultKeyOptions, VaultKeyOptionsValidator>(VaultKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, VaultKeySource>();
}
