using System.Runtime.CompilerServices;
using System.Text.Json;
using Acme.App.Guards;
using Microsoft.Extensions.AI;

namespace Acme.App.Access;

/// <summary>
/// Reserves before Mistral is asked and settles after. What failed is given back; whoever leaves early pays for what was sent, and for what came,
/// or may have come, back.
/// </summary>
internal sealed class BudgetChatClient(IChatClient innerClient, IBudget budget) : DelegatingChatClient(innerClient)
{
    /// <summary>No token is shorter than a byte of its text in UTF-8, and a character has at most three of them.</summary>
    private const int MostTokensOfACharacter = 3;

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        await using var reservation = await budget.ReserveAsync(Estimate(asked, options), cancellationToken);
        try
        {
            var response = await base.GetResponseAsync(asked, options, cancellationToken);
            await reservation.SettleAsync(response.Usage, CancellationToken.None);
            return response;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Else a caller could have any number of answers made, by leaving just before each of them.
            await reservation.SettleAsync(usage: null, CancellationToken.None);
            throw;
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        var estimate = Estimate(asked, options);
        await using var reservation = await budget.ReserveAsync(estimate, cancellationToken);
        UsageDetails? usage = null;
        var (hasBegun, characters) = (false, 0L);
        try
        {
            await foreach (var update in base.GetStreamingResponseAsync(asked, options, cancellationToken))
            {
                hasBegun = true;
                characters += update.Contents.Sum(content => CharactersOf(content, estimate));
                usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                yield return update;
            }
        }
        finally
        {
            if (hasBegun || cancellationToken.IsCancellationRequested)
                await reservation.SettleAsync(usage ?? UpTo(characters, estimate), CancellationToken.None);
        }
    }

    /// <summary>Mistral tells the usage with a stream's end alone: what was left before it costs the prompt and what had come until then.</summary>
    private static UsageDetails UpTo(long characters, BudgetEstimate estimate) => new()
    {
        InputTokenCount = estimate.InputTokens,
        OutputTokenCount = Math.Min(estimate.OutputTokens, characters * MostTokensOfACharacter),
    };

    private static long CharactersOf(AIContent content, BudgetEstimate estimate) => content switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length,
        UsageContent => 0,
        _ => estimate.OutputTokens,
    };

    /// <remarks>What an image, a sound or a file behind an address costs nobody knows before: it is charged after the call.</remarks>
    private static BudgetEstimate Estimate(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        var characters = messages.Sum(message => (long)GuardedContent.LengthOf(message)) + (options?.Instructions?.Length ?? 0)
            + (options?.Tools ?? []).Sum(CharactersOf)
            + (options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema } ? schema.GetRawText().Length : 0)
            + (options?.AdditionalProperties ?? []).Values.OfType<JsonElement>().Sum(value => (long)value.GetRawText().Length);
        return new(characters * MostTokensOfACharacter, options?.MaxOutputTokens ?? 0);
    }

    private static long CharactersOf(AITool tool) =>
        tool.Name.Length + tool.Description.Length + (tool is AIFunctionDeclaration { JsonSchema: { ValueKind: JsonValueKind.Object } schema } ? schema.GetRawText().Length : 0);
}
