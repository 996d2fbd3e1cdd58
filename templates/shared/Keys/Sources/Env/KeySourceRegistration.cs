namespace Acme.App.Keys.Sources;

/// <summary>The key comes from the environment.</summary>
internal static class KeySourceRegistration
{
    /// <summary>The section of the source's settings: it has none.</summary>
    public static string? Section => null;

    public static void AddKeySource(this IHostApplicationBuilder builder) => builder.Services.AddSingleton<KeySource, EnvironmentKeySource>();
}
