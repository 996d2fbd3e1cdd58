using Acme.App.Configuration;

namespace Acme.App.Keys.Sources;

/// <summary>The key comes from AWS Secrets Manager.</summary>
internal static class KeySourceRegistration
{
    /// <summary>The section of the source's settings.</summary>
    public static string? Section => AwsKeyOptions.SectionName;

    public static void AddKeySource(this IHostApplicationBuilder builder) =>
        builder.AddValidatedOptions<AwsKeyOptions, AwsKeyOptionsValidator>(AwsKeyOptions.SectionName)
            .Services.AddSingleton<KeySource, AwsKeySource>();
}
