namespace Acme.App.Configuration;

/// <summary>Stops the start: everything that is wrong with the configuration, reported at once.</summary>
internal sealed class ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
    : Exception($"The configuration has {problems.Count} problem(s): {string.Join(", ", problems.Select(problem => problem.Setting))}.")
{
    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;
}
