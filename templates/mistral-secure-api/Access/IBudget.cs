using Acme.App.Guards;
using Microsoft.Extensions.AI;

namespace Acme.App.Access;

/// <summary>Keeps callers within what they may spend. The most a call can cost is reserved before it, what it did cost is settled after it.</summary>
internal interface IBudget
{
    /// <summary>Reserves tokens, or refuses by a <see cref="ChatRefusedException"/>.</summary>
    ValueTask<IBudgetReservation> ReserveAsync(BudgetEstimate estimate, CancellationToken cancellationToken);
}

/// <summary>What a call may cost at most.</summary>
/// <param name="InputTokens">A bound on the prompt's tokens: no token is shorter than a byte of it.</param>
/// <param name="OutputTokens">The answer's most tokens.</param>
internal sealed record BudgetEstimate(long InputTokens, long OutputTokens);

/// <summary>A reservation; disposing one that was not settled gives it back.</summary>
internal interface IBudgetReservation : IAsyncDisposable
{
    /// <summary>Charges what the call cost; the whole reservation when Mistral did not say.</summary>
    ValueTask SettleAsync(UsageDetails? usage, CancellationToken cancellationToken);
}
