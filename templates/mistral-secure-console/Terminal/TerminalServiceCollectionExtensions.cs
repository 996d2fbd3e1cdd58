using Acme.App.Auditing;

namespace Acme.App.Terminal;

internal static class TerminalServiceCollectionExtensions
{
    /// <summary>The conversation, and who leads it.</summary>
    public static IHostApplicationBuilder AddTerminal(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IHostLifetime, TerminalLifetime>();
        builder.Services.AddSingleton<ICallerAccessor, SystemCallerAccessor>();
        // Two open terminals are ordinary.
        builder.Services.PostConfigure<AuditOptions>(options => options.Shared |= builder.Configuration["Audit:Shared"] is null);
        builder.Services.AddSingleton<Conversation>();
        builder.Services.AddSingleton<ChatTerminal>();
        builder.Services.AddSingleton<Talk>();
        return builder;
    }
}
