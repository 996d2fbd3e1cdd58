using Acme.App.Configuration;

namespace Acme.App.Keys;

/// <summary>A place that a key comes from.</summary>
internal abstract class KeySource
{
    /// <summary>What the owner calls the place, for example "environment variable MISTRAL_API_KEY".</summary>
    public abstract string Name { get; }

    /// <summary>The setting that names the key or its place.</summary>
    public abstract string Setting { get; }

    /// <summary>Whether the place may hold another value later on.</summary>
    public virtual bool CanChange => true;

    /// <summary>The file, if there is one, that the key or what opens its store is read from.</summary>
    public virtual string? PrivateFile => null;

    /// <summary>What an operator does to put another key there, a full sentence.</summary>
    public abstract string HowToReplace { get; }

    /// <summary>Reads the value that the place holds now.</summary>
    /// <exception cref="KeySourceException">The place could not be read or holds no value.</exception>
    public abstract Task<ApiKey> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Puts the key in place of the old one, when an operator rotates it.</summary>
    /// <returns>False where this program may not write to the place.</returns>
    /// <exception cref="KeySourceException">The place could not be written.</exception>
    public virtual Task<bool> TryWriteAsync(ApiKey key, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>What to throw where there is no key: neither sentence may quote what the place answered.</summary>
    public KeySourceException Failed(string problem, string remedy) => new(new ConfigurationProblem(Setting, Name, problem, remedy));
}

/// <summary>A key source gave no key. It says why and what to do.</summary>
internal sealed class KeySourceException(ConfigurationProblem problem) : Exception(problem.Problem)
{
    public ConfigurationProblem Problem { get; } = problem;
}
