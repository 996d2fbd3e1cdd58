using System.Runtime.CompilerServices;
using System.Text;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;

namespace Acme.App.Access;

/// <summary>
/// Reserves before Mistral is asked and settles after. What failed is given back; whoever leaves early pays for what was sent, and for what came,
/// or may have come, back.
/// </summary>
internal sealed class BudgetChatClient(IChatClient innerClient, TokenBudget budget) : DelegatingChatClient(innerClient)
{
    /// <summary>
    /// No token is shorter than a byte of its text in UTF-8, and a character has at most three of them. Where a text is written as JSON, quotes
    /// and escapes come with it, so that there all characters count as the longest.
    /// </summary>
    private const int MostTokensOfACharacter = 3;

    /// <summary>The model's template puts a few tokens around each message and each part of it.</summary>
    private const int TokensAround = 8;

    /// <summary>A guess: what is charged for an image, a sound, a file or an address when a call is left before Mistral has told its cost.</summary>
    private const int TokensOfAnAttachment = 4_096;

    /// <summary>A guess: a large document is charged a token for so many bytes, since its pages hold more than words.</summary>
    private const int BytesOfAToken = 16;

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        var most = Estimate.Of(asked, options);
        await using var reservation = await budget.ReserveAsync(most.Tokens, cancellationToken);
        try
        {
            var response = await base.GetResponseAsync(asked, options, cancellationToken);
            await reservation.SettleAsync(CostOf(response.Usage) ?? most.WithAttachments);
            return response;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Else a caller could have any number of answers made, by leaving just before each of them.
            await reservation.SettleAsync(most.WithAttachments);
            throw;
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        var most = Estimate.Of(asked, options);
        await using var reservation = await budget.ReserveAsync(most.Tokens, cancellationToken);
        UsageDetails? usage = null;
        var (hasBegun, tokens) = (false, 0L);
        try
        {
            await foreach (var update in base.GetStreamingResponseAsync(asked, options, cancellationToken))
            {
                hasBegun = true;
                tokens += update.Contents.Sum(content => TokensOf(content, most)) + TokensOfPieces(update);
                usage = update.Contents.OfType<UsageContent>().LastOrDefault()?.Details ?? usage;
                yield return update;
            }
        }
        finally
        {
            // Mistral tells the usage with a stream's end alone: what was left before it costs the prompt and what had come until then.
            var soFar = most.Input + most.Attachments + Math.Min(most.Output, tokens);
            if (hasBegun || cancellationToken.IsCancellationRequested)
                await reservation.SettleAsync(usage is null ? soFar : CostOf(usage) ?? most.WithAttachments);
        }
    }

    private static long? CostOf(UsageDetails? usage) => usage?.TotalTokenCount ?? usage?.InputTokenCount + usage?.OutputTokenCount;

    private static long TokensOf(AIContent content, Estimate most) => content switch
    {
        TextContent text => Encoding.UTF8.GetByteCount(text.Text),
        TextReasoningContent thought => Encoding.UTF8.GetByteCount(thought.Text),
        UsageContent => 0,
        _ => most.Output,
    };

    /// <summary>A tool's call stands in an update once it is whole; its pieces cost as they come.</summary>
    private static long TokensOfPieces(ChatResponseUpdate update) =>
        update is { FinishReason: null, RawRepresentation: WireAnswer { Choices: [{ Delta.ToolCalls: { } pieces }, ..] } }
            ? pieces.Sum(piece => Encoding.UTF8.GetByteCount($"{piece?.Function?.Name}{piece?.Function?.Arguments}"))
            : 0;

    /// <summary>The most tokens of a prompt and of its answer.</summary>
    /// <remarks>
    /// What an image, a sound or a file costs nobody knows before: it is charged after the call, as Mistral tells it, and as guessed here where
    /// Mistral tells nothing.
    /// </remarks>
    private sealed record Estimate(long Input, long Output, long Attachments)
    {
        public long Tokens => Input + Output;

        public long WithAttachments => Tokens + Attachments;

        public static Estimate Of(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
        {
            var characters = options is null ? 0 : GuardedContent.LengthOf(options);
            // They become a message of the system.
            var instructions = options?.Instructions is { Length: > 0 } text ? InputOf(new ChatMessage(ChatRole.System, text)) : 0;
            var attachments = messages.SelectMany(message => message.Contents).Sum(content => content switch
            {
                DataContent data => GuardedContent.IsText(data) ? 0 : Math.Max(TokensOfAnAttachment, data.Data.Length / BytesOfAToken),
                UriContent or HostedFileContent => TokensOfAnAttachment,
                _ => 0,
            });
            return new(messages.Sum(InputOf) + instructions + (characters * MostTokensOfACharacter), options?.MaxOutputTokens ?? 0, attachments);
        }

        private static long InputOf(ChatMessage message)
        {
            var tokens = TokensAround * (1L + message.Contents.Count);
            var others = (long)GuardedContent.LengthOf(message);
            foreach (var text in message.Contents.OfType<TextContent>())
            {
                tokens += Encoding.UTF8.GetByteCount(text.Text);
                others -= text.Text.Length;
            }

            return tokens + (others * MostTokensOfACharacter);
        }
    }
}
