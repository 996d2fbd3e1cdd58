using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>Runs the program, and turns a wrong configuration into a report and an exit code.</summary>
internal static class StartUp
{
    public static Task<int> RunAsync(Func<Task<int>> program) => RunAsync(program, Console.Error);

    internal static async Task<int> RunAsync(Func<Task<int>> program, TextWriter errors)
    {
        try
        {
            return await program();
        }
        catch (Exception exception) when (ProblemsOf(exception) is { Count: > 0 } problems)
        {
            await errors.WriteAsync(ConfigurationReport.Format(problems));
            return (int)ExitCode.Configuration;
        }
    }

    /// <summary>Runs the host once every check has passed; the checks throw before anything has started.</summary>
    public static async Task RunCheckedAsync(this IHost host, CancellationToken cancellationToken)
    {
        await host.CheckConfigurationAsync(cancellationToken);
        await host.RunAsync(cancellationToken);
    }

    /// <summary>Throws a <see cref="ConfigurationException"/> that names everything that is wrong.</summary>
    public static Task CheckConfigurationAsync(this IHost host, CancellationToken cancellationToken) =>
        host.Services.GetRequiredService<StartUpChecks>().RunAsync(cancellationToken);

    private static IReadOnlyList<ConfigurationProblem> ProblemsOf(Exception exception) => exception switch
    {
        ConfigurationException wrong => wrong.Problems,
        OptionsValidationException options => [.. ConfigurationProblem.From(options)],
        AggregateException { InnerExceptions: var inner } when inner.All(one => ProblemsOf(one).Count > 0) => [.. inner.SelectMany(ProblemsOf)],
        InvalidDataException { InnerException: FormatException } => [new("settings", "a settings file", "The file is not valid JSON.", "Correct appsettings.json, its environment's file and the user secrets.")],
        _ => [],
    };
}
