namespace Acme.App.Keys;

/// <summary>How the key is kept fresh.</summary>
internal sealed class KeyOptions
{
    public const string SectionName = "Keys";

    /// <summary>How often the source is asked for another value, give or take a fifth. The default is one minute.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one answer of the source, or of Mistral about a new key, may take. The default is 10 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The age at which a key should have been replaced. The default is none.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>How long before <see cref="MaxAge"/> the program begins to warn. The default is 7 days.</summary>
    public TimeSpan WarnBefore { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Whether a key older than <see cref="MaxAge"/> makes the program not ready. The default is false: it only warns.</summary>
    public bool FailWhenTooOld { get; set; }
}
