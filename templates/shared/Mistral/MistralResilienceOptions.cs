namespace Acme.App.Mistral;

/// <summary>How long Mistral is waited for, and how often it is asked again after a 429 or a 5xx.</summary>
internal sealed class MistralResilienceOptions
{
    /// <summary>How often a request is sent again. The default is 3; 0 switches retries off.</summary>
    public int MaxRetries { get; set; } = 3;

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
