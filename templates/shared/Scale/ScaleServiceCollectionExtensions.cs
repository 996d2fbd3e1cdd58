using Acme.App.Configuration;

namespace Acme.App.Scale;

internal static class ScaleServiceCollectionExtensions
{
    /// <summary>The connection to Redis, through which several processes share what they count and queue.</summary>
    public static IHostApplicationBuilder AddScale(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<RedisOptions, RedisOptionsValidator>(RedisOptions.SectionName);
        builder.Services.AddSingleton<RedisConnection>();
        return builder;
    }
}
