namespace Acme.App.Keys.Sources;

/// <summary>The key comes from the environment.</summary>
internal static class KeySourceRegistration
{
    public static void AddKeySource(this IHostApplicationBuilder builder) => builder.Services.AddSingleton<KeySource, EnvironmentKeySource>();
}
