using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from Google Cloud Secret Manager.</summary>
internal static class KeySourceRegistration
{
    /// <summary>The section of the source's settings.</summary>
    public static string? Section => GcpKeyOptions.SectionName;

    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<GcpKeyOptions, GcpKeyOptionsValidator>(GcpKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, GcpKeySource>();
}
