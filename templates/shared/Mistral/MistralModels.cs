using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Options;

namespace Acme.App.Mistral;

/// <summary>A model that a key may use.</summary>
/// <param name="Deprecation">When Mistral switches the model off; null while no end is set.</param>
internal sealed record MistralModel(string Id, string[]? Aliases, DateTimeOffset? Deprecation, string? DeprecationReplacementModel)
{
    public bool IsCalled(string name) => Id == name || (Aliases?.Contains(name) ?? false);
}

/// <summary>The models that a key may use, which is also how a key is checked; warns of a model in use that Mistral will switch off.</summary>
internal sealed partial class MistralModels(
    MistralApi api, IOptions<MistralOptions> options, IOptions<PolicyOptions> policy, ILogger<MistralModels> logger) : IKeyVerifier
{
    public Task<IReadOnlyList<MistralModel>> ListAsync(CancellationToken cancellationToken) => ListAsync(null, cancellationToken);

    public async Task<KeyVerdict> VerifyAsync(ApiKey key, CancellationToken cancellationToken)
    {
        try
        {
            await ListAsync(key, cancellationToken);
            return KeyVerdict.Accepted;
        }
        catch (MistralException exception)
        {
            return exception.Kind == MistralErrorKind.Authentication ? KeyVerdict.Rejected : KeyVerdict.Inconclusive;
        }
    }

    private async Task<IReadOnlyList<MistralModel>> ListAsync(ApiKey? key, CancellationToken cancellationToken)
    {
        using var answer = await api.SendAsync(api.Address("models"), null, key, cancellationToken);
        var list = await answer.ReadAsync(MistralJsonContext.Default.WireModelList, cancellationToken);
        List<MistralModel> models = [.. (list.Data ?? throw answer.Unreadable()).OfType<MistralModel>()];
        foreach (var name in policy.Value.AllowedModels.Append(options.Value.Model).Distinct())
        {
            if (models.Find(model => model.IsCalled(name)) is { Deprecation: { } end } deprecated)
                LogDeprecated(name, end, deprecated.DeprecationReplacementModel ?? "none");
        }

        return models;
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning,
        Message = "Mistral switches the model {Model} off on {End:yyyy-MM-dd}; the replacement that it names is {Replacement}.")]
    private partial void LogDeprecated(string model, DateTimeOffset end, string replacement);
}
