using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Holds whoever resolves <see cref="IChatClient"/> to the rules of a request, and fills in the model and the most tokens.</summary>
internal sealed class RequestRulesChatClient(IChatClient innerClient, RequestRules rules, IOptions<MistralOptions> mistral) : DelegatingChatClient(innerClient)
{
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var asked = Check(messages, options);
        return base.GetResponseAsync(asked.Messages, asked.Options, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var asked = Check(messages, options);
        return base.GetStreamingResponseAsync(asked.Messages, asked.Options, cancellationToken);
    }

    private RequestRules.Asked Check(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var complete = options?.Clone() ?? new ChatOptions();
        complete.ModelId ??= mistral.Value.Model;
        complete.MaxOutputTokens ??= rules.MaxTokens;
        var asked = new RequestRules.Asked([.. messages], complete);
        var result = rules.Validate(asked);
        // Instructions are a message of the system's and are held to the same length, but they ask nothing.
        if (result.IsValid && complete.Instructions is { Length: > 0 } instructions)
            result = rules.Validate(new RequestRules.Asked([.. asked.Messages, new ChatMessage(ChatRole.System, instructions)], complete));
        return result.IsValid ? asked : throw ChatRefusedException.Invalid(result);
    }
}
