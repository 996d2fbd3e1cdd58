using Acme.App.Configuration;

namespace Acme.App.Keys;

/// <summary>A place that a key comes from.</summary>
internal interface IKeySource
{
    /// <summary>What the owner calls the place, for example "environment variable MISTRAL_API_KEY".</summary>
    string Name { get; }

    /// <summary>The setting that names the key or its place.</summary>
    string Setting { get; }

    /// <summary>Whether the place may hold another value later on.</summary>
    bool CanChange { get; }

    /// <summary>What an operator does to put another key there, a full sentence.</summary>
    string HowToReplace { get; }

    /// <summary>Reads the value that the place holds now.</summary>
    /// <exception cref="KeySourceException">The place could not be read or holds no value.</exception>
    Task<ApiKey> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Puts the key in place of the old one, whole or not at all, when an operator rotates it.</summary>
    /// <returns>False where this program may not write to the place.</returns>
    /// <exception cref="KeySourceException">The place could not be written.</exception>
    Task<bool> TryWriteAsync(ApiKey key, CancellationToken cancellationToken) => Task.FromResult(false);
}

/// <summary>A key source gave no key. It says why and what to do, and never quotes what the source answered.</summary>
internal sealed class KeySourceException(ConfigurationProblem problem) : Exception(problem.Problem)
{
    public KeySourceException(IKeySource source, string problem, string remedy)
        : this(new ConfigurationProblem(source.Setting, source.Name, problem, remedy))
    {
    }

    public ConfigurationProblem Problem { get; } = problem;
}
