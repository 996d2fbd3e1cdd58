using System.Text;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>
/// Something that must be right before the program starts: it throws a <see cref="ConfigurationException"/> where it is not. All
/// checks run, and all their problems are reported at once.
/// </summary>
internal sealed record StartUpCheck(Func<IServiceProvider, CancellationToken, Task> RunAsync);

/// <summary>Runs the program, and turns a wrong configuration into a report and an exit code.</summary>
internal static partial class StartUp
{
    /// <remarks>A console of Windows begins with a code page that lacks most letters; whoever uses it next gets it back.</remarks>
    public static async Task<int> RunAsync(Func<Task<int>> program)
    {
        if (!OperatingSystem.IsWindows() || (Console.IsOutputRedirected && Console.IsErrorRedirected))
            return await RunAsync(program, Console.Error);
        var before = Console.OutputEncoding;
        try
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
            return await RunAsync(program, Console.Error);
        }
        finally
        {
            Console.OutputEncoding = before;
        }
    }

    internal static async Task<int> RunAsync(Func<Task<int>> program, TextWriter errors)
    {
        try
        {
            return await program();
        }
        catch (Exception exception) when (ProblemsOf(exception) is { Count: > 0 } problems)
        {
            await TellAsync(errors, ConfigurationReport.Format(problems));
            return (int)ExitCode.Configuration;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Standard output that is full or closed, a port that is taken.
            await TellAsync(errors, $"The program cannot go on: {exception.Message}{Environment.NewLine}");
            return (int)ExitCode.CheckFailed;
        }
    }

    private static async Task TellAsync(TextWriter errors, string text)
    {
        try
        {
            await errors.WriteAsync(text);
        }
        catch (IOException)
        {
            // A terminal that was closed, whose exit code somebody may still read.
        }
    }

    /// <summary>Runs the host once every check has passed; the checks throw before anything has started.</summary>
    public static async Task RunCheckedAsync(this IHost host, CancellationToken cancellationToken)
    {
        await host.CheckConfigurationAsync(cancellationToken);
        await host.RunAsync(cancellationToken);
    }

    /// <summary>Throws a <see cref="ConfigurationException"/> that names everything that is wrong.</summary>
    public static async Task CheckConfigurationAsync(this IHost host, CancellationToken cancellationToken)
    {
        var read = host.Services.GetRequiredService<SettingsRead>();
        var problems = new List<ConfigurationProblem>(read.Problems);
        var checks = host.Services.GetServices<StartUpCheck>();
        foreach (var found in await Task.WhenAll(checks.Select(check => Task.Run(() => ProblemsOfAsync(host, check, cancellationToken), cancellationToken))))
            problems.AddRange(found.Except(problems));

        // A section that is missing as a whole is one problem; a section with a wrong value is told by that value.
        problems.RemoveAll(problem => read.Problems.Any(problem.IsWithin));
        problems = [.. problems.Where(problem => read.Problems.Contains(problem) || !problems.Any(part => part.IsWithin(problem)))];
        if (problems.Count > 0)
            throw new ConfigurationException(problems);

        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StartUp));
        foreach (var warning in read.Warnings)
            LogWarning(logger, warning);
    }

    private static async Task<IReadOnlyList<ConfigurationProblem>> ProblemsOfAsync(IHost host, StartUpCheck check, CancellationToken cancellationToken)
    {
        try
        {
            await check.RunAsync(host.Services, cancellationToken);
            return [];
        }
        catch (Exception exception) when (ProblemsOf(exception) is { Count: > 0 } problems)
        {
            return problems;
        }
    }

    private static IReadOnlyList<ConfigurationProblem> ProblemsOf(Exception exception) => exception switch
    {
        ConfigurationException wrong => wrong.Problems,
        // A library's own validator; its words may quote a value.
        OptionsValidationException library => [new(library.OptionsType.Name, "options", "The options are not valid.", "Look up their documentation.")],
        AggregateException { InnerExceptions: var inner } when inner.All(one => ProblemsOf(one).Count > 0) => [.. inner.SelectMany(ProblemsOf)],
        InvalidDataException { InnerException: FormatException } =>
            [new("settings", "a settings file", "The file is not valid JSON.", "Correct appsettings.json, its environment's file and the user secrets.")],
        _ => [],
    };

    [LoggerMessage(EventId = 1001, Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);
}
