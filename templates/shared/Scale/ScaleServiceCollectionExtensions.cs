using Acme.App.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Acme.App.Scale;

internal static class ScaleServiceCollectionExtensions
{
    /// <summary>The connection to Redis, through which several processes share what they count and queue.</summary>
    public static IHostApplicationBuilder AddScale(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(RedisConnection)))
            return builder;
        builder.AddValidatedOptions<RedisOptions, RedisOptionsValidator>(RedisOptions.SectionName);
        builder.Services.TryAddSingleton<RedisConnection>();
        return builder;
    }
}
