using System.Globalization;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Filters;
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
        services.AddHttpClient(AuditCheckpoints.HttpClientName, client => client.Timeout = TimeSpan.FromSeconds(5))
            .ConfigurePrimaryHttpMessageHandler(OutboundHttp.CreateHandler)
            .RemoveAllLoggers();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<AuditOptions>>().Value);
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<AuditOptions>();
            return new AuditFiles(InHome(builder, options.Path), options.CheckpointPath is { Length: > 0 } own ? InHome(builder, own) : null);
        });
        services.AddSingleton(provider => AuditKeys.Load(provider.GetRequiredService<AuditOptions>(), provider.GetRequiredService<AuditFiles>()));
        services.AddSingleton<AuditWriter>();
        services.AddSingleton<AuditSubject>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditCheckpoints>(
            provider, provider.GetRequiredService<AuditFiles>().Checkpoints));
        services.AddSingleton<AuditLog>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditLog>());
        services.AddSingleton<IKeyEvents, AuditKeyEvents>();

        // Outermost first. There is no other chat client in the container, and so no way around the audit and the guards.
        services.AddSingleton(provider => provider.CreateMistralClient().AsBuilder()
            .UseAuditing()
            .UseGuards()
            .Build(provider));
        return builder;
    }

    /// <summary>
    /// The application's own logs: for a person readable, on standard error; else compact JSON for a collector, on standard output.
    /// Providers that are added after this, such as OpenTelemetry's, get them too, with every key masked.
    /// </summary>
    public static IHostApplicationBuilder AddApplicationLogs(this IHostApplicationBuilder builder, bool forPerson)
    {
        // Asked for before the start: the last events come while the container is disposed of, and gives nothing any more.
        IApiKeys? apiKeys = null;
        builder.Services.AddSingleton(new StartUpCheck((provider, _) => Task.FromResult(apiKeys = provider.GetRequiredService<IApiKeys>())));
        builder.Logging.ClearProviders();
        builder.Services.AddSerilog((provider, logs) =>
        {
            // A person reads warnings alone; a request's address may hold what its sender should not have put there.
            logs.MinimumLevel.Is(forPerson ? LogEventLevel.Warning : LogEventLevel.Information)
                .MinimumLevel.Override("Microsoft.AspNetCore", LogEventLevel.Warning)
                .MinimumLevel.Override("System.Net.Http", LogEventLevel.Warning)
                .MinimumLevel.Override("Polly", LogEventLevel.Warning);
            // What is wrong with the configuration is reported at the end, without a stack trace.
            logs.Filter.ByExcluding(entry => entry.Exception is ConfigurationException && Matching.FromSource("Microsoft.Extensions.Hosting")(entry));
            // Why an answer broke off its caller, the audit and a line of the program's own have told.
            logs.Filter.ByExcluding(entry =>
                entry.Exception is { } exception && ChatFailure.From(exception) is not null && Matching.FromSource("Microsoft.AspNetCore")(entry));
            logs.Filter.ByExcluding(entry => Matching.FromSource("Microsoft.AspNetCore.Diagnostics")(entry)
                && entry.MessageTemplate.Text.StartsWith("The response has already started", StringComparison.Ordinal));
            // To a person the program says itself why there is no answer or no start.
            if (forPerson)
                logs.MinimumLevel.Override("Microsoft.Extensions.AI", LevelAlias.Off).MinimumLevel.Override("Microsoft.Extensions.Hosting", LevelAlias.Off);
            foreach (var level in builder.Configuration.GetSection("Logging:LogLevel").GetChildren())
            {
                // A word that is no level must not make the logs talkative.
                if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out var named) || !Enum.IsDefined(named))
                    continue;
                var minimum = named == LogLevel.None ? LevelAlias.Off : (LogEventLevel)named;
                _ = level.Key == "Default" ? logs.MinimumLevel.Is(minimum) : logs.MinimumLevel.Override(level.Key, minimum);
            }

            var output = new LoggerConfiguration().MinimumLevel.Verbose();
            _ = forPerson
                ? output.WriteTo.Console(standardErrorFromLevel: LevelAlias.Minimum, formatProvider: CultureInfo.InvariantCulture)
                : output.WriteTo.Console(new CompactJsonFormatter());
            var others = new LoggerProviderCollection();
            foreach (var other in provider.GetServices<ILoggerProvider>())
                others.AddProvider(other);
            output.WriteTo.Providers(others);
            var keys = new KnownKeys(() => (apiKeys ?? provider.GetRequiredService<IApiKeys>()).CurrentOrDefault);
            logs.Enrich.FromLogContext().WriteTo.Sink(new RedactingSink(output.CreateLogger(), keys));
        });
        return builder;
    }

    private static string InHome(IHostApplicationBuilder builder, string path) => Path.GetFullPath(path, builder.Environment.ContentRootPath);
}
