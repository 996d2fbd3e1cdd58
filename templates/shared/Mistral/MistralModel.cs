namespace Acme.App.Mistral;

/// <summary>A model that the key may use.</summary>
internal sealed record MistralModel(string Id)
{
    public string[]? Aliases { get; init; }

    public int? MaxContextLength { get; init; }

    /// <summary>When the model is switched off; null while no end is set.</summary>
    public DateTimeOffset? Deprecation { get; init; }

    public string? DeprecationReplacementModel { get; init; }

    public bool IsCalled(string name) => Id == name || (Aliases?.Contains(name) ?? false);
}
