using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from a file, such as a mounted secret.</summary>
internal static class KeySourceRegistration
{
    /// <summary>The section of the source's settings.</summary>
    public static string? Section => FilesKeyOptions.SectionName;

    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<FilesKeyOptions, FilesKeyOptionsValidator>(FilesKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, FilesKeySource>();
}
