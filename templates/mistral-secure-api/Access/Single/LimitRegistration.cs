using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Acme.App.Access;

/// <summary>Limits are counted in this process.</summary>
internal static class LimitRegistration
{
    public static void AddLimitStore(this IHostApplicationBuilder builder) => builder.Services.TryAddSingleton<ILimitStore, MemoryLimitStore>();
}
