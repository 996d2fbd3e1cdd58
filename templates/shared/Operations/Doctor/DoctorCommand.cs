using System.CommandLine;
using Acme.App.Configuration;
using Spectre.Console;

namespace Acme.App.Operations.Doctor;

/// <summary>
/// <c>doctor</c>: the security checklist, asked of the program as it is configured and of the repository around it. Exit code 0 when nothing
/// failed, 1 when a check failed, 2 when the question was wrong.
/// </summary>
internal sealed class DoctorCommand(Func<IHost> build, TextWriter output, IAnsiConsole table, TextWriter errors)
{
    private static readonly DoctorCheck[] s_checksOfAnApi =
    [
        new(7, "rate-limits", "Callers are limited", _ => Verdict.NotChecked("only an API has callers.")),
        new(8, "errors", "Errors tell nothing of the inside", _ => Verdict.NotChecked("only an API answers callers with errors.")),
    ];

    private readonly HashSet<ConfigurationProblem> _told = [];
    private readonly Argument<string?> _path = new("path")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "A folder in the repository to examine. Default: the program's own folder.",
    };

    private readonly Option<string> _format = new("--format") { Description = "table, json or sarif (2.1.0).", DefaultValueFactory = _ => "table" };
    private readonly Option<bool> _staged =
        new("--staged") { Description = "Look only at what the next commit would bring: fast, and without the program's settings." };
    private readonly Option<string?> _allow =
        new("--allow")
        {
            Description = $"The file with false alarms. Default: {AllowFile.DefaultName} at the repository's top, and from the program up to its solution.",
        };

    public static Command Create(Func<IHost> build, TextWriter output, IAnsiConsole table, TextWriter errors) =>
        new DoctorCommand(build, output, table, errors).Build();

    private Command Build()
    {
        _format.AcceptOnlyFromAmong("table", "json", "sarif");
        var command = new Command("doctor", "Checks the security checklist, and the repository with its whole history.")
        {
            _path, _format, _staged, _allow,
        };
        command.SetAction(async (arguments, cancellationToken) => (int)await RunAsync(arguments, cancellationToken));
        return command;
    }

    private async Task<ExitCode> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var folder = arguments.GetValue(_path);
            if (!arguments.GetValue(_staged))
                GitRepository.ForgetCallers();
            using var host = arguments.GetValue(_staged) ? null : build();
            var home = host?.Services.GetRequiredService<IHostEnvironment>().ContentRootPath ?? ProgramHome.Find([]).Folder;
            var repository = GitRepository.Open(folder ?? home, isDemanded: folder is not null || host is null, cancellationToken);
            using var patient = new Patient(home, repository, arguments.GetValue(_allow), build);
            var checks = host is null ? RepositoryChecks.Staged : ChecksOf(host);
            var services = new PatientServices(host?.Services, patient);
            var results = new List<CheckResult>();
            foreach (var check in checks.OrderBy(check => check.Line))
                results.Add(new CheckResult(check, await RunAsync(check, services, cancellationToken)));
            DoctorReport.Write(arguments.GetValue(_format)!, results, patient.Checklist, output, table, isBrief: host is null);
            return results.Any(result => result.Verdict.Mark == CheckMark.Failed) ? ExitCode.CheckFailed : ExitCode.Success;
        }
        catch (DoctorInputException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return ExitCode.Usage;
        }
    }

    private static List<DoctorCheck> ChecksOf(IHost host)
    {
        var checks = host.Services.GetServices<DoctorCheck>().ToList();
        checks.AddRange(s_checksOfAnApi.ExceptBy(checks.Select(check => check.Line).ToList(), check => check.Line));
        checks.Add(new DoctorCheck(0, "configuration", "Configuration is valid", async (_, token) =>
        {
            await host.CheckConfigurationAsync(token);
            return Verdict.Passed($"Every setting of {host.Services.GetRequiredService<IHostEnvironment>().EnvironmentName} is valid.");
        }));
        return checks;
    }

    // A setting that is wrong fails every check that needs it; whatever else goes wrong leaves the check unmade, and says so.
    private async Task<Verdict> RunAsync(DoctorCheck check, IServiceProvider services, CancellationToken cancellationToken)
    {
        try
        {
            return await check.RunAsync(services, cancellationToken);
        }
        catch (ConfigurationException exception)
        {
            return Wrong(exception.Problems);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new DoctorInputException($"{check.Title}: {exception.Message} Let your user read it, and run the doctor again.");
        }
        catch (Exception exception) when (exception is not DoctorInputException && !cancellationToken.IsCancellationRequested)
        {
            return Verdict.NotChecked(
                $"the check ended with {exception.GetType().Name}.",
                "Run it again; if it stays so, look at what the check needs, in Operations/Doctor.");
        }
    }

    /// <summary>Each problem is told once, at the first check that it fails.</summary>
    private Verdict Wrong(IReadOnlyList<ConfigurationProblem> problems) => problems.Where(_told.Add).ToList() is { Count: > 0 } news
        ? Verdict.Failed(
            string.Join(' ', news.Select(problem => $"{problem.Setting} ({problem.Source}): {problem.Problem}")),
            string.Join(' ', news.Select(problem => problem.Remedy).Distinct()))
        : Verdict.Failed(
            $"The program cannot be composed while this is wrong: {string.Join(", ", problems.Select(problem => problem.Setting))}.",
            "Mend it as the first check that names it says.");

    /// <summary>The program's own container, where there is one, and the repository beside it.</summary>
    private sealed class PatientServices(IServiceProvider? services, Patient patient) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(Patient) ? patient : services?.GetService(serviceType);
    }
}
