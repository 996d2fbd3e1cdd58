namespace Acme.App.Configuration;

/// <summary>Something that must be right before the program starts. All checks run, and all their problems are reported at once.</summary>
internal interface IStartUpCheck
{
    Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken);
}
