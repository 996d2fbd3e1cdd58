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

    /// <summary>Leaves Ctrl+C to the conversation; the host's own lifetime would take it at all times.</summary>
    private sealed class TerminalLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Tells the audit which user of the operating system sits at the terminal.</summary>
    private sealed class SystemCallerAccessor : ICallerAccessor
    {
        public Caller Current { get; } = new(Environment.UserName, null, null);
    }
}
