namespace Acme.App.Mistral;

/// <summary>Where Mistral is and how it is asked.</summary>
internal sealed class MistralOptions
{
    public const string SectionName = "Mistral";

    /// <summary>The API's base address, with or without <c>/v1/</c>. Plain http is taken for loopback only.</summary>
    public Uri Endpoint { get; set; } = new("https://api.mistral.ai");

    /// <summary>The model that is asked when a request names none.</summary>
    public string Model { get; set; } = "mistral-small-latest";

    /// <summary>Whether an in-process stand-in answers instead of Mistral. The environment's policy must allow it.</summary>
    public bool Offline { get; set; }
}
