using Microsoft.Extensions.AI;

namespace Acme.App.Auditing;

internal static class AuditingChatClientBuilderExtensions
{
    public static ChatClientBuilder UseAuditing(this ChatClientBuilder builder) =>
        builder.Use((inner, services) => ActivatorUtilities.CreateInstance<AuditingChatClient>(services, inner));
}
