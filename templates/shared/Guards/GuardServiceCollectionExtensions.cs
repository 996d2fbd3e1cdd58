using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>The door of this room.</summary>
internal static class GuardServiceCollectionExtensions
{
    public static IHostApplicationBuilder AddGuards(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<GuardOptions, GuardOptionsValidator>(GuardOptions.SectionName);
        builder.Services.TryAddSingleton<RequestRules>();
        return builder;
    }

    /// <summary>
    /// Puts the guards on the road, outermost first: the rules before anything is read, then sensitive data, so that moderation and Mistral
    /// see only what may leave, then what the program's own kind adds: a budget counts only what is really asked.
    /// </summary>
    public static ChatClientBuilder UseGuards(this ChatClientBuilder builder) => builder
        .Use((inner, services) => ActivatorUtilities.CreateInstance<RequestRulesChatClient>(services, inner))
        .Use((inner, services) => ActivatorUtilities.CreateInstance<SensitiveDataChatClient>(services, inner))
        .Use((inner, services) => services.GetRequiredService<IOptions<GuardOptions>>().Value.Moderation is { Input: true } or { Output: true }
            ? ActivatorUtilities.CreateInstance<ModerationChatClient>(services, inner)
            : inner)
        .Use((inner, services) => services.GetServices<InnermostGuard>().Aggregate(inner, (client, guard) => guard(client, services)));
}

/// <summary>Puts a guard of a room above between these guards and Mistral.</summary>
internal delegate IChatClient InnermostGuard(IChatClient inner, IServiceProvider services);
