using Acme.App.Configuration;

namespace Acme.App.Keys;

/// <summary>How the key is kept fresh.</summary>
internal sealed class KeyOptions
{
    public const string SectionName = "Keys";

    /// <summary>How often the source is asked for another value, or up to a fifth sooner. The default is one minute.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one answer of the source, or of Mistral about a new key, may take. The default is 10 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The age at which a key should have been replaced. The default is none.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>How long before <see cref="MaxAge"/> the program begins to warn. The default is 7 days, or half of it where that is less.</summary>
    public TimeSpan? WarnBefore { get; set; }

    /// <summary>Whether a key older than <see cref="MaxAge"/> makes the program not ready. The default is false: it only warns.</summary>
    public bool FailWhenTooOld { get; set; }
}

internal sealed class KeyOptionsValidator : OptionsValidator<KeyOptions>
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1);

    public KeyOptionsValidator()
    {
        Rule(nameof(KeyOptions.PollInterval), options => IsBetween(options.PollInterval, s_shortest, TimeSpan.FromDays(1)),
            "The time between two looks at the key's source is not between a second and a day.", "Set a time span, for example 00:01:00.");
        Rule(nameof(KeyOptions.Timeout), options => IsBetween(options.Timeout, s_shortest, TimeSpan.FromMinutes(1)),
            "The time that an answer may take is not between a second and a minute.", "Set a time span, for example 00:00:10.");
        Rule(nameof(KeyOptions.MaxAge), options => options.MaxAge is null || options.MaxAge > TimeSpan.Zero,
            "The key's greatest age is not positive.", "Set a time span, for example 90.00:00:00 for 90 days, or remove the setting.");
        Rule(nameof(KeyOptions.WarnBefore), options => options.WarnBefore is not { } time || (time >= TimeSpan.Zero && !(time > options.MaxAge)),
            "The time of warning is negative, or longer than the key's greatest age.",
            "Set a time span that is shorter than Keys:MaxAge, or remove the setting.");
        Rule(nameof(KeyOptions.FailWhenTooOld), options => !options.FailWhenTooOld || options.MaxAge is not null,
            "A key cannot become too old while no greatest age is set.", "Set Keys:MaxAge, or remove this setting.");
    }
}
