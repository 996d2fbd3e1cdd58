using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>Finds everything wrong with one options section: keys nobody reads, values that do not fit, rules that are broken.</summary>
internal sealed class OptionsCheck<TOptions>(
    ValidatedSection section,
    IEnumerable<ValidatedSection> sections,
    IConfiguration configuration,
    IOptions<TOptions> options,
    IValidator<TOptions> validator) : IStartUpCheck
    where TOptions : class, new()
{
    public Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken) => Task.FromResult(Check());

    private IReadOnlyList<ConfigurationProblem> Check()
    {
        var leaves = Leaves();
        if (Fits(leaves, strictly: true))
            return JudgeOptions();

        var problems = new List<ConfigurationProblem>();
        foreach (var leaf in leaves.Where(leaf => !Fits([leaf], strictly: true)).ToList())
        {
            leaves.Remove(leaf);
            problems.Add(Fits([leaf], strictly: false)
                ? Problem(leaf.Key, "There is no such setting.", "Correct its spelling, or remove it.")
                : Problem(leaf.Key, "The value is not of the setting's type.", "Write a value of the right type: a number without quotes, true or false, a time span as 00:00:30."));
        }

        var bound = new TOptions();
        InMemory(leaves).Bind(bound);
        return [.. problems, .. new FluentOptionsValidator<TOptions>(section.Name, configuration, validator).Judge(bound)
            .Where(judged => problems.All(problem => problem.Setting != judged.Setting))];
    }

    private ConfigurationProblem[] JudgeOptions()
    {
        try
        {
            _ = options.Value;
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return [.. ConfigurationProblem.From(exception)];
        }
    }

    private List<KeyValuePair<string, string?>> Leaves() =>
        [.. configuration.GetSection(section.Name).AsEnumerable(makePathsRelative: true)
            .Where(leaf => leaf is { Key.Length: > 0, Value: not null } && !sections.Any(other => other.Holds(Name(leaf.Key), below: section)))];

    private static bool Fits(IEnumerable<KeyValuePair<string, string?>> leaves, bool strictly)
    {
        try
        {
            InMemory(leaves).Bind(new TOptions(), binder => binder.ErrorOnUnknownConfiguration = strictly);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Its message quotes the value, so it goes no further.
            return false;
        }
    }

    private static IConfigurationRoot InMemory(IEnumerable<KeyValuePair<string, string?>> leaves) =>
        new ConfigurationBuilder().AddInMemoryCollection(leaves).Build();

    private ConfigurationProblem Problem(string key, string problem, string remedy) =>
        new(Name(key), configuration.OriginOf(Name(key)), problem, remedy);

    private string Name(string key) => $"{section.Name}:{key}";
}
