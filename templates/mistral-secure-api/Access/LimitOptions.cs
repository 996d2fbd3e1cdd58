using Acme.App.Guards;
using FluentValidation;

namespace Acme.App.Access;

/// <summary>How often and how much a caller may ask. A caller's own limits win over those of its class, and these over the default.</summary>
internal sealed class LimitOptions
{
    public const string SectionName = "Limits";

    /// <summary>What a caller may who is named neither by itself nor by its class.</summary>
    public CallerLimits Default { get; set; } = new();

    /// <summary>The token's claim that names a caller's class. The default is <c>plan</c>.</summary>
    public string ClassClaim { get; set; } = "plan";

    /// <summary>The limits of each class, by the claim's value.</summary>
    public Dictionary<string, CallerLimits> Classes { get; set; } = [];

    /// <summary>The limits of single callers, by the token's subject.</summary>
    public Dictionary<string, CallerLimits> Callers { get; set; } = [];

    /// <summary>Requests per minute from one address, counted by each process before tokens are looked at. The default is 600.</summary>
    public int RequestsPerMinuteByAddress { get; set; } = 600;

    /// <summary>What happens while the shared count cannot be reached. The default is closed: requests are refused.</summary>
    public FailureMode FailureMode { get; set; } = FailureMode.Closed;
}

/// <summary>What one caller may.</summary>
internal sealed class CallerLimits
{
    /// <summary>Requests in a minute. The default is 60.</summary>
    public long RequestsPerMinute { get; set; } = 60;

    /// <summary>Tokens in a minute, of prompts and answers. The default is 200,000.</summary>
    public long TokensPerMinute { get; set; } = 200_000;

    /// <summary>Tokens in a day (UTC). The default is 2 million.</summary>
    public long TokensPerDay { get; set; } = 2_000_000;

    /// <summary>Tokens in a month (UTC). The default is 20 million.</summary>
    public long TokensPerMonth { get; set; } = 20_000_000;

    /// <summary>Requests that may be under way at a time, streams among them. The default is 8.</summary>
    public int Concurrency { get; set; } = 8;
}

internal sealed class LimitOptionsValidator : AbstractValidator<LimitOptions>
{
    public LimitOptionsValidator()
    {
        var limits = new CallerLimitsValidator();
        RuleFor(options => options.Default).SetValidator(limits);
        RuleForEach(options => options.Classes.Values).SetValidator(limits).OverridePropertyName("Classes");
        RuleForEach(options => options.Callers.Values).SetValidator(limits).OverridePropertyName("Callers");
        RuleFor(options => options.ClassClaim).NotEmpty()
            .WithMessage("The claim that names a caller's class is empty.").WithState(_ => "Set a claim's name, for example plan.");
        RuleFor(options => options.RequestsPerMinuteByAddress).GreaterThan(0)
            .WithMessage("The requests from one address are not positive.").WithState(_ => "Set a number, for example 600.");
        RuleFor(options => options.FailureMode).IsInEnum()
            .WithMessage("The mode is neither Closed nor Open.").WithState(_ => "Set Closed or Open.");
    }

    private sealed class CallerLimitsValidator : AbstractValidator<CallerLimits>
    {
        private const string Remedy = "Set a whole number above 0.";

        public CallerLimitsValidator()
        {
            RuleFor(limits => limits.RequestsPerMinute).GreaterThan(0).WithMessage("The requests in a minute are not positive.").WithState(_ => Remedy);
            RuleFor(limits => limits.TokensPerMinute).GreaterThan(0).WithMessage("The tokens in a minute are not positive.").WithState(_ => Remedy);
            RuleFor(limits => limits.TokensPerDay).GreaterThanOrEqualTo(limits => limits.TokensPerMinute).WithMessage("The tokens in a day are fewer than those in a minute.").WithState(_ => Remedy);
            RuleFor(limits => limits.TokensPerMonth).GreaterThanOrEqualTo(limits => limits.TokensPerDay).WithMessage("The tokens in a month are fewer than those in a day.").WithState(_ => Remedy);
            RuleFor(limits => limits.Concurrency).GreaterThan(0).WithMessage("The requests at a time are not positive.").WithState(_ => Remedy);
        }
    }
}
