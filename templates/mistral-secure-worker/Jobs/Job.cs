using Acme.App.Guards;

namespace Acme.App.Jobs;

/// <summary>What a job file holds: a chat request and who wants it answered.</summary>
/// <param name="Id">The owner's own name for the job; the file's name when absent.</param>
/// <param name="User">On whose behalf the job is done. The audit names them.</param>
internal sealed record Job(
    string? Id,
    string? User,
    string? Model,
    IReadOnlyList<ChatRequestMessage>? Messages,
    float? Temperature,
    int? MaxTokens)
{
    public ChatRequest ToChatRequest(string defaultModel) => new()
    {
        Model = Model ?? defaultModel,
        Messages = Messages,
        Temperature = Temperature,
        MaxTokens = MaxTokens,
    };
}
