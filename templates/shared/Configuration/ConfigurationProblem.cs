using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>One thing that is wrong with the configuration. It never carries the setting's value.</summary>
/// <param name="Setting">The setting's name as the owner writes it, for example <c>Mistral:Endpoint</c>.</param>
/// <param name="Source">Where it came from: a file with its line, an environment variable, or "not set".</param>
/// <param name="Problem">What is wrong, a full sentence.</param>
/// <param name="Remedy">How to mend it, a full sentence.</param>
internal sealed record ConfigurationProblem(string Setting, string Source, string Problem, string Remedy)
{
    private const char Separator = '\n';

    public bool IsWithin(ConfigurationProblem section) => Setting.StartsWith(section.Setting + ":", StringComparison.OrdinalIgnoreCase);

    /// <summary>The problem as one of the strings that the options framework passes on.</summary>
    public string ToFailure() => string.Join(Separator, Setting, Source, Problem, Remedy);

    /// <summary>Takes apart what failed validation; what a library's own validator says keeps to its options' name.</summary>
    public static IEnumerable<ConfigurationProblem> From(OptionsValidationException exception) =>
        exception.Failures.Select(failure => failure.Split(Separator) is [var setting, var source, var problem, var remedy]
            ? new ConfigurationProblem(setting, source, problem, remedy)
            : new ConfigurationProblem(exception.OptionsType.Name, "options", "The options are not valid.", "Look up their documentation."));
}
