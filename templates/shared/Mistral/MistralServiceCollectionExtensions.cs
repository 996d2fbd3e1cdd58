using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

internal static class MistralServiceCollectionExtensions
{
    /// <summary>The name of the spans and metrics, which hold no prompt and no answer.</summary>
    public const string TelemetrySource = "Acme.App.Mistral";

    /// <summary>Adds what it takes to ask Mistral. The chat client itself comes with the road that leads to it.</summary>
    public static IHostApplicationBuilder AddMistral(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<MistralOptions, MistralOptionsValidator>(MistralOptions.SectionName);
        var services = builder.Services;
        services.AddHttpClient(MistralApi.ClientName)
            .ConfigurePrimaryHttpMessageHandler(OutboundHttp.CreateHandler)
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // At Trace the factory's loggers hand the Authorization header, unredacted, to every structured log.
            .RemoveAllLoggers();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<MistralApi>();
        services.TryAddSingleton<MistralModels>();
        services.TryAddSingleton<IKeyVerifier>(provider => provider.GetRequiredService<MistralModels>());
        services.TryAddSingleton<MistralModeration>();
        return builder;
    }

    /// <summary>Makes the end of the road: Mistral, or the offline stand-in where the settings say so. It is never registered by itself.</summary>
    public static IChatClient CreateMistralClient(this IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<MistralOptions>>();
        IChatClient client = options.Value.Offline ? new OfflineChatClient() : new MistralChatClient(services.GetRequiredService<MistralApi>(), options);
        // Without a logger: it would log each failed call's stack, an interrupted one's as well, which the audit and the span already name.
        return client.AsBuilder()
            .UseOpenTelemetry(NullLoggerFactory.Instance, TelemetrySource, telemetry => telemetry.EnableSensitiveData = false)
            .Build(services);
    }
}
