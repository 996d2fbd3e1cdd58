using System.Linq.Expressions;
using System.Net;
using FluentValidation;

namespace Acme.App.Access;

/// <summary>Refuses limits that limit nothing, and a door left open outside Development.</summary>
internal sealed class AccessOptionsValidator : AbstractValidator<AccessOptions>
{
    private const long MaxBodyBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    public AccessOptionsValidator(IHostEnvironment environment)
    {
        RuleFor(options => options.Anonymous).Must(anonymous => !anonymous || environment.IsDevelopment())
            .WithMessage("Callers without a token are let in, which is for Development only.").WithState(_ => "Set it to false.");
        RuleForEach(options => options.KnownProxies).Must(proxy => IPAddress.TryParse(proxy, out _) || IPNetwork.TryParse(proxy, out _))
            .WithMessage("It is neither an address nor a network.")
            .WithState(_ => "Write an address such as \"10.0.0.7\" or a network such as \"10.0.0.0/8\".");
        RuleForEach(options => options.AllowedOrigins).Must(IsOrigin)
            .WithMessage("It is not the origin of a page that comes over https.")
            .WithState(_ => "Write it as a browser sends it, for example \"https://app.example\". Not every page can be let in.");
        RuleFor(options => options.MaxBodyBytes).InclusiveBetween(1024, MaxBodyBytes)
            .WithMessage("It is not between 1024 and 67108864 bytes.").WithState(_ => "Set it to 4194304, the default, or near it.");
        RuleFor(options => options.RequestsPerMinuteByAddress).GreaterThan(0)
            .WithMessage("It lets no request in.").WithState(_ => "Set it to 1 or more.");
        RuleFor(options => options.RequestTimeout).InclusiveBetween(s_second, TimeSpan.FromHours(1))
            .WithMessage("It is not between a second and an hour.").WithState(_ => "Set a time span, for example 00:10:00.");
        RuleFor(options => options.ShutdownTimeout).InclusiveBetween(s_second, TimeSpan.FromHours(1))
            .WithMessage("It is not between a second and an hour.").WithState(_ => "Set a time span shorter than what stops the program waits, for example 00:00:25.");
        RuleFor(options => options.Connections).SetValidator(new ConnectionLimitsValidator());
        RuleFor(options => options.ClassClaim).NotEmpty()
            .WithMessage("No claim is named.").WithState(_ => "Set it to the claim that names a caller's class, for example \"class\".");
        RuleFor(options => options.FailureMode).IsInEnum().WithMessage("It is neither Closed nor Open.").WithState(_ => "Set it to Closed or Open.");
        RuleFor(options => options.Limits).SetValidator(new CallerLimitsValidator());
        RuleFor(options => options.Classes).Custom((classes, context) => Validate(context, nameof(AccessOptions.Classes), classes));
        RuleFor(options => options.Callers).Custom((callers, context) => Validate(context, nameof(AccessOptions.Callers), callers));
    }

    private static bool IsOrigin(string origin) => Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && (page.Scheme == Uri.UriSchemeHttps || (page.Scheme == Uri.UriSchemeHttp && page.IsLoopback))
        && page.UserInfo.Length == 0
        && page.GetLeftPart(UriPartial.Authority) == origin;

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

/// <summary>Each limit lets an ordinary client through, and stops one that only holds on.</summary>
internal sealed class ConnectionLimitsValidator : AbstractValidator<ConnectionLimits>
{
    public ConnectionLimitsValidator()
    {
        const string positive = "Set it to 1 or more.";
        RuleFor(limits => limits.MaxConcurrent).GreaterThan(0).WithMessage("It lets nobody connect.").WithState(_ => positive);
        RuleFor(limits => limits.MaxHeaders).InclusiveBetween(16, 1000)
            .WithMessage("It is not between 16 and 1000 headers.").WithState(_ => "Set it to 64, the default, or near it.");
        RuleFor(limits => limits.MaxHeaderBytes).InclusiveBetween(8 * 1024, 1024 * 1024)
            .WithMessage("It is not between 8192 and 1048576 bytes.").WithState(_ => "Set it to 32768, the default, or near it.");
        foreach (var timeout in (Expression<Func<ConnectionLimits, TimeSpan>>[])[limits => limits.HeadersTimeout, limits => limits.KeepAliveTimeout, limits => limits.StallTimeout])
        {
            RuleFor(timeout).InclusiveBetween(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))
                .WithMessage("It is not between a second and an hour.").WithState(_ => "Set a time span, for example 00:00:15.");
        }

        RuleFor(limits => limits.MinBytesPerSecond).GreaterThan(0).WithMessage("It lets a connection stand still.").WithState(_ => positive);
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
