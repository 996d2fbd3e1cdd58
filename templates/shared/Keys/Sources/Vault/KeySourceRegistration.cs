using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from HashiCorp Vault.</summary>
internal static class KeySourceRegistration
{
    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<VaultKeyOptions, VaultKeyOptionsValidator>(VaultKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, VaultKeySource>();
}
