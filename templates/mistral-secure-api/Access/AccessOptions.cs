using Acme.App.Configuration;

namespace Acme.App.Access;

/// <summary>Who may call, and how often and how much.</summary>
internal sealed class AccessOptions
{
    public const string SectionName = "Access";

    /// <summary>Whether a caller without a token may chat. Development only.</summary>
    public bool Anonymous { get; set; }

    /// <summary>The addresses, or networks as <c>10.0.0.0/8</c>, of the proxies whose forwarded headers are believed.</summary>
    public string[] KnownProxies { get; set; } = [];

    /// <summary>
    /// Whether a request goes on with the trace that its caller names (<c>traceparent</c>). The default is no: the caller would choose the id by
    /// which the audit and the telemetry speak of the request, and whether it is traced at all.
    /// </summary>
    public bool TrustTraceContext { get; set; }

    /// <summary>The web pages whose scripts may call, as <c>https://app.example</c>. The default is none.</summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>The most bytes of a request's body. The default is 4 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a request may take, a stream with its whole answer. The default is ten minutes.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the program waits at its end for what is under way, before it cuts it off. The default is 25 seconds.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>What one connection may take, and how many there may be.</summary>
    public ConnectionLimits Connections { get; set; } = new();

    /// <summary>The requests that one address may send in a minute before anyone asks who it is.</summary>
    public int RequestsPerMinuteByAddress { get; set; } = 600;

    /// <summary>The claim of a token that names its caller's class.</summary>
    public string ClassClaim { get; set; } = "class";

    /// <summary>What happens while the count that replicas share cannot be reached. The default is closed: requests are refused.</summary>
    public FailureMode FailureMode { get; set; } = FailureMode.Closed;

    /// <summary>The limits of whoever has none of their own.</summary>
    public CallerLimits Limits { get; set; } = new();

    /// <summary>The limits of a class of callers, by the class's name. What one leaves out is as in <see cref="Limits"/>.</summary>
    public Dictionary<string, OwnLimits> Classes { get; set; } = [];

    /// <summary>
    /// The limits of one caller, by the token's subject. They come before those of the class; what they leave out is as in <see cref="Limits"/>.
    /// </summary>
    public Dictionary<string, OwnLimits> Callers { get; set; } = [];
}

/// <summary>What a connection may take, before it is refused with a 4xx or closed.</summary>
internal sealed class ConnectionLimits
{
    /// <summary>The most at a time; a further one is closed at once. The default is 2,000.</summary>
    public int MaxConcurrent { get; set; } = 2000;

    /// <summary>The most at a time of one address, or of one IPv6 network. Known proxies may have any number. The default is 200.</summary>
    public int MaxByAddress { get; set; } = 200;

    /// <summary>The most headers of a request. The default is 64.</summary>
    public int MaxHeaders { get; set; } = 64;

    /// <summary>The most bytes of a request's headers. The default is 32 KiB.</summary>
    public int MaxHeaderBytes { get; set; } = 32 * 1024;

    /// <summary>How long the headers may take. The default is 15 seconds.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may wait for its next request. The default is two minutes.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a caller may take nothing of a streamed answer. The default is 30 seconds.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The slowest, in bytes a second, that a body may come or an answer may be taken, after five seconds of grace. The default is 240.</summary>
    public double MinBytesPerSecond { get; set; } = 240;
}

/// <summary>What one caller may take. A token is Mistral's unit of text, in the prompt and in the answer.</summary>
internal sealed class CallerLimits
{
    public int RequestsPerMinute { get; set; } = 60;

    /// <summary>The most requests that are answered at the same time, streams among them.</summary>
    public int ConcurrentRequests { get; set; } = 8;

    /// <summary>The default lets in the longest request that <c>Guards:Request</c> does, where it is written in ASCII.</summary>
    public long TokensPerMinute { get; set; } = 500_000;

    /// <summary>By the UTC day.</summary>
    public long TokensPerDay { get; set; } = 2_000_000;

    /// <summary>By the UTC month.</summary>
    public long TokensPerMonth { get; set; } = 20_000_000;
}

/// <summary>The limits of some callers, where they differ from everybody's.</summary>
internal sealed class OwnLimits
{
    public int? RequestsPerMinute { get; set; }

    public int? ConcurrentRequests { get; set; }

    public long? TokensPerMinute { get; set; }

    public long? TokensPerDay { get; set; }

    public long? TokensPerMonth { get; set; }

    public CallerLimits Over(CallerLimits everybody) => new()
    {
        RequestsPerMinute = RequestsPerMinute ?? everybody.RequestsPerMinute,
        ConcurrentRequests = ConcurrentRequests ?? everybody.ConcurrentRequests,
        TokensPerMinute = TokensPerMinute ?? everybody.TokensPerMinute,
        TokensPerDay = TokensPerDay ?? everybody.TokensPerDay,
        TokensPerMonth = TokensPerMonth ?? everybody.TokensPerMonth,
    };
}
