namespace Acme.App.Configuration;

/// <summary>One thing that is wrong with the configuration. It never carries the setting's value.</summary>
/// <param name="Setting">The setting's name as the owner writes it, for example <c>Mistral:Endpoint</c>.</param>
/// <param name="Source">Where it came from: a file with its line, an environment variable, or "not set".</param>
/// <param name="Problem">What is wrong, a full sentence.</param>
/// <param name="Remedy">How to mend it, a full sentence.</param>
internal sealed record ConfigurationProblem(string Setting, string Source, string Problem, string Remedy)
{
    public bool IsWithin(ConfigurationProblem section) => Setting.StartsWith(section.Setting + ":", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Stops the start: everything that is wrong with the configuration, reported at once.</summary>
internal sealed class ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
    : Exception($"The configuration has {problems.Count} problem(s): {string.Join(", ", problems.Select(problem => problem.Setting))}.")
{
    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;
}
