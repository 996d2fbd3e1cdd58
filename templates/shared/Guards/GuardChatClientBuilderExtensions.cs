using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

internal static class GuardChatClientBuilderExtensions
{
    /// <summary>
    /// Puts the guards on the road, outermost first: the rules before anything is read, then sensitive data, so that moderation and Mistral
    /// see only what may leave, then the budget, which counts only what is really asked.
    /// </summary>
    public static ChatClientBuilder UseGuards(this ChatClientBuilder builder) => builder
        .Use((inner, services) => new RequestRulesChatClient(
            inner,
            services.GetRequiredService<ChatRequestValidator>(),
            services.GetRequiredService<IOptions<GuardOptions>>(),
            services.GetRequiredService<IOptions<PolicyOptions>>(),
            services.GetRequiredService<IOptions<MistralOptions>>()))
        .Use((inner, services) => new SensitiveDataChatClient(inner, services.GetRequiredService<IOptions<GuardOptions>>()))
        .Use((inner, services) => services.GetRequiredService<IOptions<GuardOptions>>() is { Value.Moderation: { Input: true } or { Output: true } } options
            ? new ModerationChatClient(inner, services.GetRequiredService<MistralModeration>(), options)
            : inner)
        .Use((inner, services) => new BudgetChatClient(inner, services.GetRequiredService<IBudget>()));
}
