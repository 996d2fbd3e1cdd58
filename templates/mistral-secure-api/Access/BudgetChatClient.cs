using System.Runtime.CompilerServices;
using Acme.App.Guards;
using Microsoft.Extensions.AI;

namespace Acme.App.Access;

/// <summary>Reserves before Mistral is asked and settles after, also when a stream is left early: what was sent is paid for.</summary>
internal sealed class BudgetChatClient(IChatClient innerClient, IBudget budget) : DelegatingChatClient(innerClient)
{
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        await using var reservation = await budget.ReserveAsync(Estimate(asked, options), cancellationToken);
        var response = await base.GetResponseAsync(asked, options, cancellationToken);
        await reservation.SettleAsync(response.Usage, CancellationToken.None);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        await using var reservation = await budget.ReserveAsync(Estimate(asked, options), cancellationToken);
        UsageDetails? usage = null;
        var hasBegun = false;
        try
        {
            await foreach (var update in base.GetStreamingResponseAsync(asked, options, cancellationToken))
            {
                hasBegun = true;
                usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                yield return update;
            }
        }
        finally
        {
            if (hasBegun)
                await reservation.SettleAsync(usage, CancellationToken.None);
        }
    }

    private static BudgetEstimate Estimate(IReadOnlyList<ChatMessage> messages, ChatOptions? options) =>
        new(options?.ModelId ?? "", (messages.Sum(message => (long)GuardedContent.LengthOf(message)) + (options?.Instructions?.Length ?? 0)) * 3, options?.MaxOutputTokens ?? 0);
}
