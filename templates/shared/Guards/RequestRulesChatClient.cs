using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Holds whoever resolves <see cref="IChatClient"/> to the rules of a request, and fills in the model and the most tokens.</summary>
internal sealed class RequestRulesChatClient(
    IChatClient innerClient, ChatRequestValidator validator, IOptions<GuardOptions> guards, IOptions<PolicyOptions> policy, IOptions<MistralOptions> mistral)
    : DelegatingChatClient(innerClient)
{
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (checkedMessages, checkedOptions) = Check(messages, options);
        return base.GetResponseAsync(checkedMessages, checkedOptions, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (checkedMessages, checkedOptions) = Check(messages, options);
        return base.GetStreamingResponseAsync(checkedMessages, checkedOptions, cancellationToken);
    }

    private (IReadOnlyList<ChatMessage> Messages, ChatOptions Options) Check(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        IReadOnlyList<ChatMessage> list = [.. messages];
        var complete = options?.Clone() ?? new ChatOptions();
        complete.ModelId ??= mistral.Value.Model;
        complete.MaxOutputTokens ??= Math.Min(guards.Value.Request.MaxTokens, policy.Value.MaxTokensPerRequest);
        var result = validator.ValidateOnTheRoad(complete, list);
        return result.IsValid ? (list, complete) : throw ChatRefusedException.Invalid(result);
    }
}
