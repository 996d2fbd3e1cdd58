using Acme.App.Configuration;

namespace Acme.App.Keys;

internal sealed class KeyOptionsValidator : OptionsValidator<KeyOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public KeyOptionsValidator()
    {
        Rule(nameof(KeyOptions.PollInterval), options => options.PollInterval >= Shortest && options.PollInterval <= TimeSpan.FromDays(1),
            "The time between two looks at the key's source is not between a second and a day.", "Set a time span, for example 00:01:00.");
        Rule(nameof(KeyOptions.Timeout), options => options.Timeout >= Shortest && options.Timeout <= TimeSpan.FromMinutes(1),
            "The time that an answer may take is not between a second and a minute.", "Set a time span, for example 00:00:10.");
        Rule(nameof(KeyOptions.MaxAge), options => options.MaxAge is null || options.MaxAge > TimeSpan.Zero,
            "The key's greatest age is not positive.", "Set a time span, for example 90.00:00:00 for 90 days, or remove the setting.");
        Rule(nameof(KeyOptions.WarnBefore), options => options.WarnBefore >= TimeSpan.Zero,
            "The time of warning is negative.", "Set a time span, for example 7.00:00:00 for 7 days.");
        Rule(nameof(KeyOptions.FailWhenTooOld), options => !options.FailWhenTooOld || options.MaxAge is not null,
            "A key cannot become too old while no greatest age is set.", "Set Keys:MaxAge, or remove this setting.");
    }
}
