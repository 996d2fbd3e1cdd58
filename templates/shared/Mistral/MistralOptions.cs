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

/// <summary>How long Mistral is waited for, and how often it is asked again after a 429 or a 5xx.</summary>
internal sealed class MistralResilienceOptions
{
    /// <summary>How often a request is sent again. The default is 3; 0 switches retries off.</summary>
    public int MaxRetries { get; set; } = 3;

    /// <summary>
    /// Whether a 429 is waited out and the request sent again. The default is yes; a worker, all of whose jobs wait at one, leaves it to its queue.
    /// </summary>
    public bool RetryRateLimited { get; set; } = true;

    /// <summary>The wait before the first retry; it grows with each one, and is spread at random. The default is half a second.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait before a retry, whatever Retry-After asks for. The default is 30 seconds.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt may take to begin its answer. The default is two minutes.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a request may take with its retries and its whole answer. The default is five minutes.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an answer that has begun may stand still. The default is one minute.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Of ten or more attempts within 30 seconds, the part that must fail for the circuit to open. The default is a half.</summary>
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>How long the open circuit refuses every request at once. The default is 15 seconds.</summary>
    public TimeSpan BreakerDuration { get; set; } = TimeSpan.FromSeconds(15);
}
