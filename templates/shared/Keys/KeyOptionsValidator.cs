using FluentValidation;

namespace Acme.App.Keys;

internal sealed class KeyOptionsValidator : AbstractValidator<KeyOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public KeyOptionsValidator()
    {
        RuleFor(options => options.PollInterval).InclusiveBetween(Shortest, Longest)
            .WithMessage("The time between two looks at the key's source is not between a second and a day.").WithState(_ => "Set a time span, for example 00:01:00.");
        RuleFor(options => options.Timeout).InclusiveBetween(Shortest, TimeSpan.FromMinutes(1))
            .WithMessage("The time that an answer may take is not between a second and a minute.").WithState(_ => "Set a time span, for example 00:00:10.");
        RuleFor(options => options.MaxAge).GreaterThan(TimeSpan.Zero)
            .WithMessage("The key's greatest age is not positive.").WithState(_ => "Set a time span, for example 90.00:00:00 for 90 days, or remove the setting.");
        RuleFor(options => options.WarnBefore).GreaterThanOrEqualTo(TimeSpan.Zero)
            .WithMessage("The time of warning is negative.").WithState(_ => "Set a time span, for example 7.00:00:00 for 7 days.");
        RuleFor(options => options.FailWhenTooOld).Equal(false).When(options => options.MaxAge is null)
            .WithMessage("A key cannot become too old while no greatest age is set.").WithState(_ => "Set Keys:MaxAge, or remove this setting.");
    }
}
