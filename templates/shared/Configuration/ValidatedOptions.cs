using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>The name of a section that a room reads as its options.</summary>
internal sealed record ValidatedSection(string Name);

/// <summary>Binds one section, and finds everything wrong with it: keys nobody reads, values that do not fit, rules that are broken.</summary>
internal sealed class ValidatedOptions<TOptions>(
    ValidatedSection section, IEnumerable<ValidatedSection> sections, IConfiguration configuration, IValidator<TOptions> validator)
    : IConfigureOptions<TOptions>, IValidateOptions<TOptions>, IStartUpCheck
    where TOptions : class, new()
{
    public void Configure(TOptions options)
    {
        // The binder's own exception quotes the value.
        if (!TryBind(options, Leaves(), strictly: false))
            throw new OptionsValidationException(Options.DefaultName, typeof(TOptions), [Problem(section.Name, "The section holds a value that is not of its setting's type.", "Correct it.").ToFailure()]);
    }

    public ValidateOptionsResult Validate(string? name, TOptions options) => Judge(options).ToList() is { Count: > 0 } problems
        ? ValidateOptionsResult.Fail(problems.Select(problem => problem.ToFailure()))
        : ValidateOptionsResult.Success;

    public Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        var leaves = Leaves();
        var whole = new TOptions();
        if (TryBind(whole, leaves, strictly: true))
            return Task.FromResult<IReadOnlyList<ConfigurationProblem>>([.. Judge(whole)]);

        var wrong = leaves.Where(leaf => !TryBind(new TOptions(), [leaf], strictly: true)).ToList();
        var problems = wrong.ConvertAll(leaf => TryBind(new TOptions(), [leaf], strictly: false)
            ? Problem($"{section.Name}:{leaf.Key}", "There is no such setting.", "Correct its spelling, or remove it.")
            : Problem($"{section.Name}:{leaf.Key}", "The value is not of the setting's type.", "Write a number without quotes, true or false, or a time span as 00:00:30."));

        var rest = new TOptions();
        TryBind(rest, leaves.Except(wrong), strictly: false);
        problems.AddRange(Judge(rest).Where(judged => problems.All(problem => problem.Setting != judged.Setting)));
        return Task.FromResult<IReadOnlyList<ConfigurationProblem>>(problems);
    }

    // FluentValidation names an element "Models[0].Name"; the configuration names it "Models:0:Name".
    private IEnumerable<ConfigurationProblem> Judge(TOptions options) => validator.Validate(options).Errors.Select(failure => Problem(
        $"{section.Name}:{failure.PropertyName.Replace('[', ':').Replace("]", "", StringComparison.Ordinal).Replace('.', ':')}".TrimEnd(':'),
        failure.ErrorMessage,
        failure.CustomState as string ?? "Correct the setting."));

    /// <summary>The section's settings, without those of sections further down that other options read.</summary>
    private List<KeyValuePair<string, string?>> Leaves()
    {
        var below = sections.Where(other => other.Name.StartsWith(section.Name + ":", StringComparison.OrdinalIgnoreCase)).Select(other => other.Name[(section.Name.Length + 1)..] + ":").ToList();
        return [.. configuration.GetSection(section.Name).AsEnumerable(makePathsRelative: true)
            .Where(leaf => leaf is { Key.Length: > 0, Value: not null } && !below.Any(other => leaf.Key.StartsWith(other, StringComparison.OrdinalIgnoreCase)))];
    }

    private static bool TryBind(TOptions options, IEnumerable<KeyValuePair<string, string?>> leaves, bool strictly)
    {
        try
        {
            new ConfigurationBuilder().AddInMemoryCollection(leaves).Build().Bind(options, binder => binder.ErrorOnUnknownConfiguration = strictly);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private ConfigurationProblem Problem(string setting, string problem, string remedy) => new(setting, configuration.OriginOf(setting), problem, remedy);
}
