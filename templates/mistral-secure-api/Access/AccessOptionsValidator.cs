using System.Net;
using System.Net.Sockets;
using Acme.App.Configuration;
using FluentValidation;
using FluentValidation.Results;

namespace Acme.App.Access;

/// <summary>Refuses limits that limit nothing, and a door left open outside Development.</summary>
internal sealed class AccessOptionsValidator : OptionsValidator<AccessOptions>
{
    private const string Connections = nameof(AccessOptions.Connections);
    private const string Nothing = "It allows nothing.";
    private const string Positive = "Set it to 1 or more.";

    public AccessOptionsValidator(IHostEnvironment environment)
    {
        Rule(nameof(AccessOptions.Anonymous), options => !options.Anonymous || environment.IsDevelopment(),
            "Callers without a token are let in, which is for Development only.", "Set it to false.");
        RuleForEach(options => options.KnownProxies).Must(proxy => IsAddress(proxy) || IPNetwork.TryParse(proxy, out _))
            .WithMessage("It is neither an address nor a network.")
            .WithState(_ => "Write an address such as \"10.0.0.7\" or a network such as \"10.0.0.0/8\".");
        RuleForEach(options => options.AllowedOrigins).Must(IsOrigin)
            .WithMessage("It is not the origin of a page that comes over https.")
            .WithState(_ => "Write it as a browser sends it, for example \"https://app.example\". Not every page can be let in.");
        Rule(nameof(AccessOptions.MaxBodyBytes), options => options.MaxBodyBytes is >= 1024 and <= 64 * 1024 * 1024,
            "It is not between 1024 and 67108864 bytes.", "Set it to 4194304, the default, or near it.");
        Rule(nameof(AccessOptions.RequestsPerMinuteByAddress), options => options.RequestsPerMinuteByAddress > 0, "It lets no request in.", Positive);
        Time(nameof(AccessOptions.RequestTimeout), options => options.RequestTimeout, "00:10:00");
        Time(nameof(AccessOptions.ShutdownTimeout), options => options.ShutdownTimeout, "00:00:25");
        Rule($"{Connections}:{nameof(ConnectionLimits.MaxConcurrent)}", options => options.Connections.MaxConcurrent > 0, "It lets nobody connect.", Positive);
        Rule($"{Connections}:{nameof(ConnectionLimits.MaxByAddress)}", options => options.Connections.MaxByAddress > 0,
            "It lets nobody connect.", Positive);
        Rule($"{Connections}:{nameof(ConnectionLimits.MaxHeaders)}", options => options.Connections.MaxHeaders is >= 16 and <= 1000,
            "It is not between 16 and 1000 headers.", "Set it to 64, the default, or near it.");
        Rule($"{Connections}:{nameof(ConnectionLimits.MaxHeaderBytes)}", options => options.Connections.MaxHeaderBytes is >= 8 * 1024 and <= 1024 * 1024,
            "It is not between 8192 and 1048576 bytes.", "Set it to 32768, the default, or near it.");
        Time($"{Connections}:{nameof(ConnectionLimits.HeadersTimeout)}", options => options.Connections.HeadersTimeout, "00:00:15");
        Time($"{Connections}:{nameof(ConnectionLimits.KeepAliveTimeout)}", options => options.Connections.KeepAliveTimeout, "00:02:00");
        Time($"{Connections}:{nameof(ConnectionLimits.StallTimeout)}", options => options.Connections.StallTimeout, "00:00:30");
        Rule($"{Connections}:{nameof(ConnectionLimits.MinBytesPerSecond)}", options => options.Connections.MinBytesPerSecond is > 0 and <= 1_000_000,
            "It lets a connection stand still, or asks more than one can give.", "Set it to 240, the default, or near it.");
        Rule(nameof(AccessOptions.ClassClaim), options => options.ClassClaim is { Length: > 0 },
            "No claim is named.", "Set it to the claim that names a caller's class, for example \"class\".");
        RuleFor(options => options).Custom((options, context) =>
        {
            var everybodys = ProblemsOf(options.Limits).ToList();
            foreach (var (setting, problem, remedy) in everybodys)
                Fail(nameof(AccessOptions.Limits), setting, problem, remedy);
            foreach (var (name, own) in OwnOf(options))
            {
                foreach (var (setting, problem, remedy) in ProblemsOf(own.Over(options.Limits)).Except(everybodys))
                    Fail(name, setting, problem, remedy);
            }

            void Fail(string name, string setting, string problem, string remedy) =>
                context.AddFailure(new ValidationFailure($"{name}:{setting}", problem) { CustomState = remedy });
        });
    }

    private void Time(string setting, Func<AccessOptions, TimeSpan> time, string example) =>
        Rule(setting, options => IsBetween(time(options), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            "It is not between a second and an hour.", $"Set a time span, for example {example}.");

    // A number alone is an address as well, of a machine that nobody meant.
    private static bool IsAddress(string text) => IPAddress.TryParse(text, out var address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == text);

    private static bool IsOrigin(string origin) => Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && page.IsProtected()
        && page.UserInfo.Length == 0
        && page.GetLeftPart(UriPartial.Authority) == origin;

    private static IEnumerable<(string Name, OwnLimits Limits)> OwnOf(AccessOptions options) =>
    [
        .. options.Classes.Select(limits => ($"{nameof(AccessOptions.Classes)}:{limits.Key}", limits.Value)),
        .. options.Callers.Select(limits => ($"{nameof(AccessOptions.Callers)}:{limits.Key}", limits.Value)),
    ];

    /// <summary>Each limit is a positive number, and a longer time allows at least what a shorter one does.</summary>
    private static IEnumerable<(string Setting, string Problem, string Remedy)> ProblemsOf(CallerLimits limits)
    {
        if (limits.RequestsPerMinute <= 0)
            yield return (nameof(CallerLimits.RequestsPerMinute), Nothing, Positive);
        if (limits.ConcurrentRequests <= 0)
            yield return (nameof(CallerLimits.ConcurrentRequests), Nothing, Positive);
        if (limits.TokensPerMinute <= 0)
            yield return (nameof(CallerLimits.TokensPerMinute), Nothing, Positive);
        if (limits.TokensPerDay < limits.TokensPerMinute)
            yield return (nameof(CallerLimits.TokensPerDay), "A day allows less than a minute.", "Set it to TokensPerMinute or more.");
        if (limits.TokensPerMonth < limits.TokensPerDay)
            yield return (nameof(CallerLimits.TokensPerMonth), "A month allows less than a day.", "Set it to TokensPerDay or more.");
    }
}
