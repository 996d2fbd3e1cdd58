using Acme.App.Auditing;
using Acme.App.Guards;
using Acme.App.Mistral;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Terminal;

/// <summary>A conversation kept in memory: asks with all that was said before, and shows the answer as it comes.</summary>
internal sealed class Conversation(IChatClient chatClient, IOptions<MistralOptions> mistral)
{
    private readonly List<ChatRequestMessage> _messages = [];

    public string Model { get; set; } = mistral.Value.Model;

    /// <summary>What the model is told before all messages.</summary>
    public string? System { get; set; }

    public float? Temperature { get; set; }

    public int? MaxTokens { get; set; }

    /// <summary>What was said, without <see cref="System"/>.</summary>
    public IReadOnlyList<ChatRequestMessage> Messages => _messages;

    public void Clear() => _messages.Clear();

    /// <summary>Asks, and shows the answer. A question that was refused is forgotten; what was shown of a stopped answer is kept.</summary>
    public async Task<Answer> AskAsync(string question, Action<string> show, CancellationToken cancellationToken)
    {
        _messages.Add(new ChatRequestMessage { Role = "user", Content = question });
        var system = string.IsNullOrEmpty(System) ? Array.Empty<ChatRequestMessage>() : [new() { Role = "system", Content = System }];
        var request = new ChatRequest { Model = Model, Messages = [.. system, .. _messages], Temperature = Temperature, MaxTokens = MaxTokens };
        var updates = new List<ChatResponseUpdate>();
        var isStopped = false;
        ChatFailure? failure = null;
        try
        {
            await foreach (var update in chatClient.GetStreamingResponseAsync(request.ToChatMessages(), request.ToChatOptions(), cancellationToken))
            {
                updates.Add(update);
                if (update.Text.Length > 0)
                    show(update.Text);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            isStopped = true;
        }
        catch (Exception exception) when (ChatFailure.From(exception) is { } known)
        {
            failure = known;
        }

        var response = updates.ToChatResponse();
        if (failure is null && response.Text.Length > 0)
            _messages.Add(new ChatRequestMessage { Role = "assistant", Content = response.Text });
        else
            _messages.RemoveAt(_messages.Count - 1);
        return new Answer(response.ResponseId, response.Text, response.ModelId ?? Model, response.FinishReason?.Value, response.Usage, failure, isStopped);
    }
}
