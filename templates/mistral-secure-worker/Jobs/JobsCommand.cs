using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Acme.App.Configuration;
using Acme.App.Guards;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace Acme.App.Jobs;

/// <summary>What <c>jobs status --format json</c> prints.</summary>
internal sealed record JobStatus(string Place, JobCounts Jobs, IReadOnlyList<JobFailure> Failed);

/// <summary><c>jobs status</c>, <c>jobs retry</c> and <c>jobs health</c>. They run beside the worker and claim nothing.</summary>
internal sealed class JobsCommand(Lazy<IServiceProvider> services, TextWriter output, IAnsiConsole console, TextWriter errors)
{
    private const int FewFailures = 20;
    private const int MostFailures = 10_000;

    private readonly Option<string> _format = new("--format") { Description = "text or json.", DefaultValueFactory = _ => "text" };
    private readonly Option<int> _most =
        new("--most") { Description = "How many failed jobs are shown, the newest.", DefaultValueFactory = _ => FewFailures, CustomParser = Number };
    private readonly Argument<string[]> _ids =
        new("id") { Description = "The failed jobs' names, as jobs status shows them.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _all = new("--all") { Description = "Every job that has failed until now." };

    private IJobQueue Queue => services.Value.GetRequiredService<IJobQueue>();

    public static Command Create(Func<IHost> build) =>
        new JobsCommand(new Lazy<IServiceProvider>(() => build().Services), Console.Out, AnsiConsole.Console, Console.Error).Build();

    private Command Build()
    {
        _format.AcceptOnlyFromAmong("text", "json");
        var status = new Command("status", "Says how many jobs are where, and why the last ones failed.") { _format, _most };
        status.SetAction(async (arguments, cancellationToken) =>
            (int)await ReachAsync(
                () => StatusAsync(arguments.GetValue(_most), cancellationToken), status => Show(status, arguments.GetValue(_format) == "json")));
        var retry = new Command("retry", "Puts failed jobs back, as if they were new. Exit code 1 when there is no such job.") { _ids, _all };
        retry.Validators.Add(given =>
        {
            if (given.GetValue(_all) == (given.GetValue(_ids) is { Length: > 0 }))
                given.AddError("Name the jobs, or give --all.");
        });
        retry.SetAction(async (arguments, cancellationToken) => (int)await (arguments.GetValue(_all)
            ? ReachAsync(() => Queue.RetryAllAsync(cancellationToken), TellAll)
            : ReachAsync(() => RetryAsync(arguments.GetValue(_ids)!, cancellationToken), missing => Tell(arguments.GetValue(_ids)!, missing))));
        var health = new Command("health", "Says whether the worker is well, for a container's or an orchestrator's check. Exit code 0 or 1.");
        health.SetAction(async (_, _) => (int)await CheckHealthAsync());
        return new Command("jobs", "Shows the queue, retries failed jobs, and checks the worker.") { status, retry, health };
    }

    // The parser's own words speak of its types.
    private static int Number(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[^1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= MostFailures)
            return number;
        result.AddError($"The number must be 1 to {MostFailures}.");
        return 0;
    }

    // What a queue throws when it is away is its own; a wrong setting is reported as at every start, and so is an output that takes nothing.
    private async Task<ExitCode> ReachAsync<T>(Func<Task<T>> ask, Func<T, ExitCode> tell)
    {
        T answer;
        try
        {
            answer = await ask();
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OptionsValidationException or ConfigurationException))
        {
            await errors.WriteLineAsync($"The queue cannot be reached. {Queue.Describe(exception)} Does it run, and may this account read and write it?");
            return ExitCode.CheckFailed;
        }

        return tell(answer);
    }

    private async Task<JobStatus> StatusAsync(int most, CancellationToken cancellationToken) =>
        new(Queue.Place, await Queue.CountAsync(cancellationToken), await Queue.ListFailedAsync(most, cancellationToken));

    private ExitCode Show(JobStatus status, bool asJson)
    {
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(status, JobJson.Readable.JobStatus));
            return ExitCode.Success;
        }

        output.WriteLine($"The jobs in {TerminalText.Clean(status.Place)}:");
        (string Name, long Count)[] counts =
        [
            ("waiting", status.Jobs.Waiting), ("delayed", status.Jobs.Delayed), ("working", status.Jobs.Working), ("done", status.Jobs.Done),
            ("failed", status.Jobs.Failed),
        ];
        if (Console.IsOutputRedirected)
        {
            // A line for each, whatever the width.
            foreach (var (name, count) in counts)
                output.WriteLine($"{name}\t{count}");
            foreach (var failure in status.Failed)
                output.WriteLine($"{TerminalText.Clean(failure.Id)}\t{TerminalText.Clean(failure.Code)}\t{TerminalText.Clean(ReasonOf(failure))}");
        }
        else
        {
            var table = new Table().Border(TableBorder.Minimal).AddColumns([.. counts.Select(one => one.Name)]);
            console.Write(table.AddRow([.. counts.Select(one => $"{one.Count}")]));
            var failed = new Table().Border(TableBorder.Minimal).AddColumns("failed", "code", "reason");
            foreach (var failure in status.Failed)
                failed.AddRow(Cell(failure.Id), Cell(failure.Code), Cell(ReasonOf(failure)));
            if (status.Failed.Count > 0)
                console.Write(failed);
        }

        if (status.Jobs.Failed > status.Failed.Count)
            output.WriteLine($"{status.Jobs.Failed - status.Failed.Count} more have failed: --most shows them.");
        return ExitCode.Success;
    }

    /// <returns>The names that no failed job bears.</returns>
    private async Task<List<string>> RetryAsync(string[] ids, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var id in ids)
        {
            if (!await Queue.RetryAsync(id, cancellationToken))
                missing.Add(id);
        }

        return missing;
    }

    private ExitCode Tell(string[] ids, List<string> missing)
    {
        foreach (var id in missing)
            errors.WriteLine($"No failed job is called '{TerminalText.Clean(id)}'. 'jobs status' shows their names.");
        output.WriteLine($"{ids.Length - missing.Count} of {ids.Length} jobs were put back.");
        return missing.Count == 0 ? ExitCode.Success : ExitCode.CheckFailed;
    }

    private ExitCode TellAll(int back)
    {
        output.WriteLine($"{back} jobs were put back.");
        return ExitCode.Success;
    }

    private async Task<ExitCode> CheckHealthAsync()
    {
        var problem = services.Value.GetRequiredService<JobHealth>().ReadProblem();
        await output.WriteLineAsync(problem ?? "The worker is well.");
        return problem is null ? ExitCode.Success : ExitCode.CheckFailed;
    }

    /// <summary>With what is wrong with each field.</summary>
    private static string ReasonOf(JobFailure failure) =>
        string.Join(' ', [failure.Reason, .. (failure.Fields?.Values ?? []).SelectMany(wrong => wrong ?? [])]);

    // Whoever puts a job in chooses its name.
    private static Text Cell(string text) => new(TerminalText.Clean(text));
}
