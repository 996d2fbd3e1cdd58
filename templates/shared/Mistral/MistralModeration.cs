using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Mistral's judgement of a conversation.</summary>
/// <param name="Categories">The categories that Mistral flagged, and those for which it gave no score.</param>
/// <param name="Scores">Each category's score between 0 and 1.</param>
internal sealed record ModerationVerdict(IReadOnlyList<string> Categories, IReadOnlyDictionary<string, double> Scores);

/// <summary>Asks Mistral to judge a conversation. A judgement that is incomplete counts against the text, never for it.</summary>
internal sealed class MistralModeration(MistralApi api, IOptions<MistralOptions> options)
{
    private readonly Uri _address = api.Address("chat/moderations");

    public async Task<ModerationVerdict> ModerateAsync(IReadOnlyCollection<ChatMessage> messages, CancellationToken cancellationToken)
    {
        var request = new WireModerationRequest(options.Value.ModerationModel, WireMessages.From(messages, null));
        var body = JsonSerializer.SerializeToUtf8Bytes(request, MistralJsonContext.Default.WireModerationRequest);
        using var answer = await api.SendAsync(_address, body, null, cancellationToken);
        var judged = await answer.ReadAsync(MistralJsonContext.Default.WireModeration, cancellationToken);
        if (judged.Results is not [{ Categories.Count: > 0 } result])
            throw answer.Unreadable();
        var scores = new Dictionary<string, double>();
        foreach (var (category, score) in result.CategoryScores ?? [])
        {
            if (score.ValueKind == JsonValueKind.Number && score.TryGetDouble(out var number) && number is >= 0 and <= 1)
                scores[category] = number;
        }

        var flagged = result.Categories.Where(category => category.Value || !scores.ContainsKey(category.Key));
        return new ModerationVerdict([.. flagged.Select(category => category.Key)], scores);
    }
}
