using Acme.App.Guards;

namespace Acme.App.Access;

/// <summary>Who may call, and how often and how much.</summary>
internal sealed class AccessOptions
{
    public const string SectionName = "Access";

    /// <summary>Whether a caller without a token may chat. Development only.</summary>
    public bool Anonymous { get; set; }

    /// <summary>The addresses, or networks as <c>10.0.0.0/8</c>, of the proxies whose forwarded headers are believed.</summary>
    public string[] KnownProxies { get; set; } = [];

    /// <summary>The most bytes of a request's body.</summary>
    public long MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The requests that one address may send in a minute before anyone asks who it is.</summary>
    public int RequestsPerMinuteByAddress { get; set; } = 600;

    /// <summary>The claim of a token that names its caller's class.</summary>
    public string ClassClaim { get; set; } = "class";

    /// <summary>What happens while the count that replicas share cannot be reached. The default is closed: requests are refused.</summary>
    public FailureMode FailureMode { get; set; } = FailureMode.Closed;

    /// <summary>The limits of whoever has none of their own.</summary>
    public CallerLimits Limits { get; set; } = new();

    /// <summary>The limits of a class of callers, by the class's name.</summary>
    public Dictionary<string, CallerLimits> Classes { get; set; } = [];

    /// <summary>The limits of one caller, by the token's subject. They come before those of the class.</summary>
    public Dictionary<string, CallerLimits> Callers { get; set; } = [];
}

/// <summary>What one caller may take. A token is Mistral's unit of text, in the prompt and in the answer.</summary>
internal sealed class CallerLimits
{
    public int RequestsPerMinute { get; set; } = 60;

    /// <summary>The most requests that are answered at the same time, streams among them.</summary>
    public int ConcurrentRequests { get; set; } = 8;

    public long TokensPerMinute { get; set; } = 400_000;

    /// <summary>By the UTC day.</summary>
    public long TokensPerDay { get; set; } = 2_000_000;

    /// <summary>By the UTC month.</summary>
    public long TokensPerMonth { get; set; } = 20_000_000;
}
