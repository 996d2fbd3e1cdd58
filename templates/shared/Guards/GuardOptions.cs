using Acme.App.Configuration;

namespace Acme.App.Guards;

/// <summary>What is done with a kind of sensitive data.</summary>
internal enum GuardMode
{
    Allow,
    Mask,
    Block,
}

/// <summary>What becomes of invisible, bidirectional and control characters.</summary>
internal enum HiddenCharacters
{
    Strip,

    /// <summary>Taken out, and told behind the text as <c>[U+202E]</c>.</summary>
    Show,
}

/// <summary>How the guards judge requests and answers.</summary>
internal sealed class GuardOptions
{
    public const string SectionName = "Guards";

    public RequestLimits Request { get; set; } = new();

    public SensitiveDataOptions SensitiveData { get; set; } = new();

    public SafeTextOptions SafeText { get; set; } = new();

    public ModerationOptions Moderation { get; set; } = new();
}

/// <summary>The limits of one request. The environment's policy may be narrower.</summary>
internal sealed class RequestLimits
{
    /// <summary>The most messages, the conversation so far included. The default is 100.</summary>
    public int MaxMessages { get; set; } = 100;

    /// <summary>The most characters of one message. The default is 100,000.</summary>
    public int MaxContentLength { get; set; } = 100_000;

    /// <summary>The most characters of all messages, tools and schemas together. The default is 400,000.</summary>
    public int MaxTotalLength { get; set; } = 400_000;

    /// <summary>The highest temperature. The default is 1; Mistral takes up to 1.5.</summary>
    public float MaxTemperature { get; set; } = 1;

    /// <summary>The most tokens that one answer may have. The default is 4,000.</summary>
    public int MaxTokens { get; set; } = 4_000;
}

/// <summary>What is done with each kind of sensitive data, on its way in to Mistral and out to the caller.</summary>
internal sealed class SensitiveDataOptions
{
    /// <summary>Keys, tokens, passwords, private keys and connection strings.</summary>
    public GuardModes Secrets { get; set; } = new(GuardMode.Block, GuardMode.Mask);

    public GuardModes Cards { get; set; } = new(GuardMode.Block, GuardMode.Mask);
    public GuardModes Ibans { get; set; } = new(GuardMode.Mask, GuardMode.Mask);
    public GuardModes SocialSecurityNumbers { get; set; } = new(GuardMode.Mask, GuardMode.Mask);
    public GuardModes Emails { get; set; } = new(GuardMode.Mask, GuardMode.Mask);
    public GuardModes Phones { get; set; } = new(GuardMode.Allow, GuardMode.Allow);
    public GuardModes IpAddresses { get; set; } = new(GuardMode.Allow, GuardMode.Allow);

    /// <summary>
    /// Shapes of secrets of your own, written like the lines of <c>key-shapes.txt</c>: <c>acme ACME- w32</c>, <c>customer KD- d8</c>. Capitals count.
    /// </summary>
    public string[] Shapes { get; set; } = [];

    /// <summary>Values that are never taken for sensitive, letter by letter: a public test card, the support address.</summary>
    public string[] AllowedValues { get; set; } = [];

    /// <summary>The modes in the order of <see cref="SensitiveKind"/>.</summary>
    public GuardModes[] ToModes() => [Secrets, Cards, Ibans, SocialSecurityNumbers, Emails, Phones, IpAddresses];
}

/// <summary>The mode of one kind in each direction.</summary>
internal sealed class GuardModes(GuardMode input = GuardMode.Allow, GuardMode output = GuardMode.Allow)
{
    /// <summary>On the way to Mistral.</summary>
    public GuardMode Input { get; set; } = input;

    /// <summary>On the way to the caller.</summary>
    public GuardMode Output { get; set; } = output;
}

/// <summary>How text is made safe to show.</summary>
internal sealed class SafeTextOptions
{
    /// <summary>What becomes of hidden characters. Escape sequences for terminals go whole in either case. The default strips.</summary>
    public HiddenCharacters HiddenCharacters { get; set; } = HiddenCharacters.Strip;

    /// <summary>Whether Markdown images and links that carry a query out to another host are removed. The default is on.</summary>
    public bool RemoveOutboundLinks { get; set; } = true;

    /// <summary>Whether answers are HTML-encoded, for a page that shows them as HTML. The default is off.</summary>
    public bool HtmlEncode { get; set; }
}

/// <summary>Mistral's own moderation, asked about each request and answer.</summary>
internal sealed class ModerationOptions
{
    /// <summary>Whether what goes in is moderated. The default is off.</summary>
    public bool Input { get; set; }

    /// <summary>Whether answers are moderated. A streamed answer is then held back until it is whole. The default is off.</summary>
    public bool Output { get; set; }

    /// <summary>What happens when moderation fails or leaves a score out. The default is closed.</summary>
    public FailureMode FailureMode { get; set; } = FailureMode.Closed;

    /// <summary>The score, 0 to 1, from which each category refuses. Categories that are not named here are not judged.</summary>
    public Dictionary<string, double> Thresholds { get; set; } = new() { ["jailbreaking"] = 0.5 };
}
