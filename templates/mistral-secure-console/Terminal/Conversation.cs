using System.Text;
using Acme.App.Auditing;
using Acme.App.Guards;
using Acme.App.Mistral;
using FluentValidation;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Terminal;

/// <summary>A conversation kept in memory: asks with all that was said before, and shows the answer as it comes.</summary>
internal sealed class Conversation(IChatClient chatClient, IValidator<ChatRequest> validator, IOptions<MistralOptions> mistral)
{
    private readonly List<ChatRequestMessage> _messages = [];

    /// <summary>Asks, and writes the answer to <paramref name="output"/>. A question without an answer is forgotten.</summary>
    /// <returns>Null, or why there is no answer.</returns>
    public async Task<ChatFailure?> AskAsync(string question, TextWriter output, CancellationToken cancellationToken)
    {
        _messages.Add(new ChatRequestMessage { Role = "user", Content = question });
        try
        {
            _messages.Add(new ChatRequestMessage { Role = "assistant", Content = await AnswerAsync(output, cancellationToken) });
            return null;
        }
        catch (Exception exception)
        {
            _messages.RemoveAt(_messages.Count - 1);
            if (ChatFailure.From(exception) is { } failure)
                return failure;
            throw;
        }
    }

    private async Task<string> AnswerAsync(TextWriter output, CancellationToken cancellationToken)
    {
        var request = new ChatRequest { Model = mistral.Value.Model, Messages = _messages };
        if (validator.Validate(request) is { IsValid: false } result)
            throw ChatRefusedException.Invalid(result);

        var answer = new StringBuilder();
        await foreach (var update in chatClient.GetStreamingResponseAsync(request.ToChatMessages(), request.ToChatOptions(), cancellationToken))
        {
            answer.Append(update.Text);
            await output.WriteAsync(update.Text.AsMemory(), cancellationToken);
            await output.FlushAsync(cancellationToken);
        }

        await output.WriteLineAsync();
        return answer.ToString();
    }
}
