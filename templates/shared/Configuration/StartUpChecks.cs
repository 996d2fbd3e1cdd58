using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>Runs every check once, before any of the host's services starts.</summary>
internal sealed partial class StartUpChecks(IEnumerable<IStartUpCheck> checks, SettingsRead settings, ILogger<StartUpChecks> logger) : IHostedLifecycleService
{
    private bool _passed;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_passed)
            return;

        var problems = new List<ConfigurationProblem>(settings.Problems);
        foreach (var check in checks)
            problems.AddRange((await ProblemsAsync(check, cancellationToken)).Except(problems));

        // A section that is missing as a whole is one problem; a section with a wrong value is told by that value.
        problems.RemoveAll(problem => settings.Problems.Any(whole => problem.IsWithin(whole)));
        problems = [.. problems.Where(problem => settings.Problems.Contains(problem) || !problems.Any(part => part.IsWithin(problem)))];
        if (problems.Count > 0)
            throw new ConfigurationException(problems);

        foreach (var warning in settings.Warnings)
            LogWarning(logger, warning);
        _passed = true;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task<IEnumerable<ConfigurationProblem>> ProblemsAsync(IStartUpCheck check, CancellationToken cancellationToken)
    {
        try
        {
            return await check.CheckAsync(cancellationToken);
        }
        catch (OptionsValidationException exception)
        {
            return ConfigurationProblem.From(exception);
        }
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);
}

/// <summary>What was found while the settings were read, before there was anyone to tell.</summary>
internal sealed record SettingsRead(IReadOnlyList<ConfigurationProblem> Problems, IReadOnlyList<string> Warnings);
