using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace Acme.App.Auditing;

/// <summary>Begins the record of a call with what is known before it.</summary>
internal sealed class AuditedCalls(IApiKeys keys, MistralOptions mistral, AuditOptions options, AuditKeys auditKeys, TimeProvider time)
{
    public AuditedCall Begin(IEnumerable<ChatMessage> messages, ChatOptions? chat)
    {
        var call = new AuditedCall(time, options.HashContent ? auditKeys.Current : null)
        {
            ModelAsked = chat?.ModelId ?? mistral.Model,
            KeyFingerprint = mistral.Offline ? null : keys.Current.Fingerprint,
        };
        call.ObservePrompt(messages);
        return call;
    }
}
