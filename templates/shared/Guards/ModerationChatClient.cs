using System.Runtime.CompilerServices;
using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Guards;

/// <summary>Has Mistral moderate what goes in and comes out, as far as the settings ask for it. A streamed answer waits until it is judged.</summary>
internal sealed class ModerationChatClient(IChatClient innerClient, MistralModeration moderation, IOptions<GuardOptions> options)
    : DelegatingChatClient(innerClient)
{
    private readonly ModerationOptions _options = options.Value.Moderation;

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        if (_options.Input)
            await JudgeAsync(asked, "request", cancellationToken);
        var response = await base.GetResponseAsync(asked, options, cancellationToken);
        if (_options.Output)
            await JudgeAsync([.. asked, .. response.Messages], "answer", cancellationToken);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ChatMessage> asked = [.. messages];
        if (_options.Input)
            await JudgeAsync(asked, "request", cancellationToken);
        List<ChatResponseUpdate> held = [];
        await foreach (var update in base.GetStreamingResponseAsync(asked, options, cancellationToken))
        {
            if (_options.Output)
                held.Add(update);
            else
                yield return update;
        }

        if (_options.Output)
            await JudgeAsync([.. asked, .. held.ToChatResponse().Messages], "answer", cancellationToken);
        foreach (var update in held)
            yield return update;
    }

    /// <exception cref="ChatRefusedException">The text may not pass.</exception>
    private async Task JudgeAsync(IReadOnlyList<ChatMessage> messages, string what, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, double> scores = new Dictionary<string, double>();
        try
        {
            scores = await moderation.ModerateAsync(messages, cancellationToken);
        }
        catch (MistralException failure) when (failure.ConcernsAll && _options.FailureMode == FailureMode.Closed)
        {
            // It is not this text that is at fault: the chat itself would be refused for the same reason.
            GuardKinds.CountFailed("moderation");
            throw;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // No score is no judgement, and the declared mode says what follows.
        }

        var reached = _options.Thresholds.Where(threshold => scores.TryGetValue(threshold.Key, out var score) && score >= threshold.Value);
        string[] flagged = [.. reached.Select(threshold => threshold.Key)];
        if (flagged.Length > 0)
            throw new ChatRefusedException(ChatRefusedException.Moderated, $"Moderation refused the {what}: {string.Join(", ", flagged)}.") { Kinds = flagged };
        if (_options.Thresholds.Keys.All(scores.ContainsKey))
            return;

        GuardKinds.CountFailed("moderation");
        GuardKinds.Tell(ChatRefusedException.ModerationFailed);
        if (_options.FailureMode != FailureMode.Open)
            throw new ChatRefusedException(ChatRefusedException.ModerationFailed, $"Moderation gave no judgement of the {what}, and it must.")
            {
                Kinds = [ChatRefusedException.ModerationFailed],
            };
    }
}
