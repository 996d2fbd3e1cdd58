using Acme.App.Scale;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Acme.App.Access;

/// <summary>Limits are counted in Redis, for all processes together.</summary>
internal static class LimitRegistration
{
    public static void AddLimitStore(this IHostApplicationBuilder builder)
    {
        builder.AddScale();
        builder.Services.TryAddSingleton<ILimitStore, RedisLimitStore>();
        builder.Services.AddHealthChecks().AddCheck<RedisCheck>("redis");
    }
}
