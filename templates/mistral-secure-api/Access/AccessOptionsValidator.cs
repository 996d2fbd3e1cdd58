using System.Net;
using FluentValidation;

namespace Acme.App.Access;

/// <summary>Refuses limits that limit nothing, and a door left open outside Development.</summary>
internal sealed class AccessOptionsValidator : AbstractValidator<AccessOptions>
{
    private const long MaxBodyBytes = 64 * 1024 * 1024;

    public AccessOptionsValidator(IHostEnvironment environment)
    {
        RuleFor(options => options.Anonymous).Must(anonymous => !anonymous || environment.IsDevelopment())
            .WithMessage("Callers without a token are let in, which is for Development only.").WithState(_ => "Set it to false.");
        RuleForEach(options => options.KnownProxies).Must(proxy => IPAddress.TryParse(proxy, out _) || IPNetwork.TryParse(proxy, out _))
            .WithMessage("It is neither an address nor a network.").WithState(_ => "Write an address such as \"10.0.0.7\" or a network such as \"10.0.0.0/8\".");
        RuleFor(options => options.MaxBodyBytes).InclusiveBetween(1024, MaxBodyBytes)
            .WithMessage("It is not between 1024 and 67108864 bytes.").WithState(_ => "Set it to 4194304, the default, or near it.");
        RuleFor(options => options.RequestsPerMinuteByAddress).GreaterThan(0)
            .WithMessage("It lets no request in.").WithState(_ => "Set it to 1 or more.");
        RuleFor(options => options.ClassClaim).NotEmpty().WithMessage("No claim is named.").WithState(_ => "Set it to the claim that names a caller's class, for example \"class\".");
        RuleFor(options => options.FailureMode).IsInEnum().WithMessage("It is neither Closed nor Open.").WithState(_ => "Set it to Closed or Open.");
        RuleFor(options => options.Limits).SetValidator(new CallerLimitsValidator());
        RuleFor(options => options.Classes).Custom((classes, context) => Validate(context, nameof(AccessOptions.Classes), classes));
        RuleFor(options => options.Callers).Custom((callers, context) => Validate(context, nameof(AccessOptions.Callers), callers));
    }

    private static void Validate(ValidationContext<AccessOptions> context, string setting, Dictionary<string, CallerLimits> limits)
    {
        foreach (var (name, value) in limits)
        {
            foreach (var failure in new CallerLimitsValidator().Validate(value).Errors)
            {
                failure.PropertyName = $"{setting}:{name}:{failure.PropertyName}";
                context.AddFailure(failure);
            }
        }
    }
}

/// <summary>Each limit is a positive number, and a longer time allows at least what a shorter one does.</summary>
internal sealed class CallerLimitsValidator : AbstractValidator<CallerLimits>
{
    public CallerLimitsValidator()
    {
        const string none = "It allows nothing.";
        const string positive = "Set it to 1 or more.";
        RuleFor(limits => limits.RequestsPerMinute).GreaterThan(0).WithMessage(none).WithState(_ => positive);
        RuleFor(limits => limits.ConcurrentRequests).GreaterThan(0).WithMessage(none).WithState(_ => positive);
        RuleFor(limits => limits.TokensPerMinute).GreaterThan(0).WithMessage(none).WithState(_ => positive);
        RuleFor(limits => limits.TokensPerDay).GreaterThanOrEqualTo(limits => limits.TokensPerMinute)
            .WithMessage("A day allows less than a minute.").WithState(_ => "Set it to TokensPerMinute or more.");
        RuleFor(limits => limits.TokensPerMonth).GreaterThanOrEqualTo(limits => limits.TokensPerDay)
            .WithMessage("A month allows less than a day.").WithState(_ => "Set it to TokensPerDay or more.");
    }
}
