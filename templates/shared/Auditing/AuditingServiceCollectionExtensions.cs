using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Acme.App.Auditing;

internal static class AuditingServiceCollectionExtensions
{
    /// <summary>The audit log, and the road of a request: whoever asks for an <see cref="IChatClient"/> gets the whole of it.</summary>
    public static IHostApplicationBuilder AddAuditing(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<AuditOptions, AuditOptionsValidator>(AuditOptions.SectionName);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ICallerAccessor, NoCaller>();
        services.AddHttpClient(AuditCheckpoints.HttpClientName, client => client.Timeout = TimeSpan.FromSeconds(5))
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false })
            .RemoveAllLoggers();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<AuditOptions>>().Value);
        services.AddSingleton(provider => new AuditFiles(InHome(provider, provider.GetRequiredService<AuditOptions>().Path)));
        services.AddSingleton(provider => AuditKeys.Load(provider.GetRequiredService<AuditOptions>(), provider.GetRequiredService<AuditFiles>().Folder));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditWriter>(provider, builder.Environment.EnvironmentName));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditCheckpoints>(provider, InHome(provider, provider.GetRequiredService<AuditOptions>().CheckpointPath)));
        services.AddSingleton<AuditLog>();
        services.AddHostedService<AuditStart>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditedCalls>(provider, provider.GetRequiredService<IOptions<MistralOptions>>().Value));
        services.AddSingleton<IChatClient>(provider => new ChatClientBuilder(MistralChatClientFactory.Create(provider)).UseAuditing().Build(provider));
        return builder;
    }

    /// <summary>The application's own logs: for a person on standard error, for a collector as compact JSON on standard output.</summary>
    public static IHostApplicationBuilder AddApplicationLogs(this IHostApplicationBuilder builder, bool forPerson)
    {
        builder.Services.AddSerilog((provider, logs) =>
        {
            foreach (var level in builder.Configuration.GetSection("Logging:LogLevel").GetChildren())
                SetLevel(logs, level.Key, Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out var named) ? named : LogLevel.Information);
            var output = new LoggerConfiguration().MinimumLevel.Verbose();
            output = forPerson
                ? output.WriteTo.Console(standardErrorFromLevel: LevelAlias.Minimum)
                : output.WriteTo.Console(new CompactJsonFormatter());
            logs.WriteTo.Sink(new RedactingSink(output.CreateLogger(), new KnownKeys(provider.GetRequiredService<IApiKeys>)));
        });
        return builder;
    }

    private static void SetLevel(LoggerConfiguration logs, string source, LogLevel level)
    {
        var serilog = level >= LogLevel.None ? LevelAlias.Off : (LogEventLevel)level;
        if (source == "Default")
            logs.MinimumLevel.Is(serilog);
        else
            logs.MinimumLevel.Override(source, serilog);
    }

    private static string InHome(IServiceProvider provider, string path) =>
        Path.GetFullPath(path, provider.GetRequiredService<IHostEnvironment>().ContentRootPath);

    private sealed class NoCaller : ICallerAccessor
    {
        public Caller Current { get; } = new(null, null, null);
    }
}
