using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>Asks Mistral to judge a conversation.</summary>
internal sealed class MistralModeration(MistralApi api, IOptions<MistralOptions> options)
{
    private readonly Uri _address = api.Address("chat/moderations");

    /// <returns>The score of each category for which Mistral gave one, between 0 and 1.</returns>
    public async Task<IReadOnlyDictionary<string, double>> ModerateAsync(IReadOnlyCollection<ChatMessage> messages, CancellationToken cancellationToken)
    {
        var request = new WireModerationRequest(options.Value.ModerationModel, WireMessages.From(messages, null));
        var body = JsonSerializer.SerializeToUtf8Bytes(request, MistralJsonContext.Default.WireModerationRequest);
        using var answer = await api.SendAsync(_address, body, null, cancellationToken);
        var judged = await answer.ReadAsync(MistralJsonContext.Default.WireModeration, cancellationToken);
        if (judged.Results is not [{ Categories.Count: > 0 } result])
            throw answer.Unreadable();
        return (result.CategoryScores ?? [])
            .Where(score => score.Value.ValueKind == JsonValueKind.Number && score.Value.TryGetDouble(out var number) && number is >= 0 and <= 1)
            .ToDictionary(score => score.Key, score => score.Value.GetDouble());
    }
}
