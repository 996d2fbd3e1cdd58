using Acme.App.Auditing;

namespace Acme.App.Access;

internal static class AccessServiceCollectionExtensions
{
    /// <summary>Who is calling.</summary>
    public static IHostApplicationBuilder AddAccess(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddSingleton<ICallerAccessor, HttpCallerAccessor>();
        return builder;
    }
}
