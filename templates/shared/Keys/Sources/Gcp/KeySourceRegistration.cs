using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from Google Cloud Secret Manager.</summary>
internal static class KeySourceRegistration
{
    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<GcpKeyOptions, GcpKeyOptionsValidator>(GcpKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, GcpKeySource>();
}
