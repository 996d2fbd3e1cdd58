namespace Acme.App.Configuration;

/// <summary>Something that must be right before the program starts. All checks run, and all their problems are reported at once.</summary>
internal interface IStartUpCheck
{
    Task<IReadOnlyList<ConfigurationProblem>> CheckAsync(CancellationToken cancellationToken);
}

/// <summary>Makes one check, so that a check that cannot even be made does not hide what the others find.</summary>
internal sealed record StartUpCheck(Func<IServiceProvider, IStartUpCheck> Create);
