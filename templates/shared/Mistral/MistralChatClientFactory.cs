using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Makes the end of the road: Mistral, or the offline stand-in where the settings say so. It is never registered by itself.</summary>
internal static class MistralChatClientFactory
{
    /// <summary>The name of the spans and metrics, which hold no prompt and no answer.</summary>
    public const string TelemetrySource = "Acme.App.Mistral";

    public static IChatClient Create(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<MistralOptions>>();
        IChatClient client = options.Value.Offline
            ? new OfflineChatClient()
            : new MistralChatClient(services.GetRequiredService<MistralApi>(), options);
        // Without a logger: it would log each failed call's stack, an interrupted one's as well, which the audit and the span already name.
        return new ChatClientBuilder(client)
            .UseOpenTelemetry(NullLoggerFactory.Instance, TelemetrySource, telemetry => telemetry.EnableSensitiveData = false)
            .Build(services);
    }
}
