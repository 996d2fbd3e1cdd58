using FluentValidation;

namespace Acme.App.Configuration;

/// <summary>The rules of a section's options. A rule says what is wrong and how to mend it; neither may quote the value.</summary>
internal abstract class OptionsValidator<TOptions> : AbstractValidator<TOptions>
{
    /// <param name="setting">The setting's name below the section, for example <c>Resilience:MaxRetries</c>.</param>
    /// <remarks>It is a rule on the options as a whole: rules on numbers and times would be compiled at every start, for each type anew.</remarks>
    protected void Rule(string setting, Func<TOptions, bool> holds, string problem, string remedy) =>
        RuleFor(options => options).Must(holds).OverridePropertyName(setting).WithMessage(problem).WithState(_ => remedy);

    protected static bool IsBetween(TimeSpan time, TimeSpan least, TimeSpan most) => time >= least && time <= most;
}

internal static class AddressExtensions
{
    /// <summary>Whether what is sent to the address is encrypted, or stays on this machine.</summary>
    public static bool IsProtected(this Uri? address) =>
        address is { IsAbsoluteUri: true, Scheme: "https" } or { IsAbsoluteUri: true, Scheme: "http", IsLoopback: true };
}
