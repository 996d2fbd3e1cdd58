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

    /// <summary>The model that judges texts when moderation is asked for.</summary>
    public string ModerationModel { get; set; } = "mistral-moderation-2603";

    /// <summary>The most bytes that one answer may have, streamed or not. The default is 16 MiB.</summary>
    public long MaxResponseBytes { get; set; } = 16 * 1024 * 1024;

    public MistralGuardrailOptions Guardrails { get; set; } = new();

    public MistralResilienceOptions Resilience { get; set; } = new();
}

/// <summary>Mistral's own guardrails, which judge each chat request and block it; a guardrail that fails blocks too.</summary>
internal sealed class MistralGuardrailOptions
{
    /// <summary>Whether each chat request asks for them. The default is no.</summary>
    public bool Enabled { get; set; }

    /// <summary>From which score, between 0 and 1, a category blocks; Mistral's own thresholds hold for those not named.</summary>
    public Dictionary<string, double> Thresholds { get; set; } = [];
}
