using System.CommandLine;
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
    private const int MostFailures = 20;

    private readonly Option<string> _format = new("--format") { Description = "text or json.", DefaultValueFactory = _ => "text" };
    private readonly Argument<string[]> _ids =
        new("id") { Description = "The failed jobs' names, as jobs status shows them.", Arity = ArgumentArity.OneOrMore };

    private IJobQueue Queue => services.Value.GetRequiredService<IJobQueue>();

    public static Command Create(Func<IHost> build) =>
        new JobsCommand(new Lazy<IServiceProvider>(() => build().Services), Console.Out, AnsiConsole.Console, Console.Error).Build();

    private Command Build()
    {
        _format.AcceptOnlyFromAmong("text", "json");
        var status = new Command("status", "Says how many jobs are where, and why the last ones failed.") { _format };
        status.SetAction(async (arguments, cancellationToken) =>
            (int)await ReachAsync(() => ShowAsync(arguments.GetValue(_format) == "json", cancellationToken)));
        var retry = new Command("retry", "Puts failed jobs back, as if they were new. Exit code 1 when there is no such job.") { _ids };
        retry.SetAction(async (arguments, cancellationToken) => (int)await ReachAsync(() => RetryAsync(arguments.GetValue(_ids) ?? [], cancellationToken)));
        var health = new Command("health", "Says whether the worker is well, for a container's or an orchestrator's check. Exit code 0 or 1.");
        health.SetAction(async (_, _) => (int)await CheckHealthAsync());
        return new Command("jobs", "Shows the queue, retries failed jobs, and checks the worker.") { status, retry, health };
    }

    // What a queue throws when it is away is its own; a wrong setting is reported as at every start.
    private async Task<ExitCode> ReachAsync(Func<Task<ExitCode>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OptionsValidationException or ConfigurationException))
        {
            await errors.WriteLineAsync($"The queue cannot be reached ({exception.GetType().Name}). Does it run, and may this account read and write it?");
            return ExitCode.CheckFailed;
        }
    }

    private async Task<ExitCode> ShowAsync(bool asJson, CancellationToken cancellationToken)
    {
        var status = new JobStatus(Queue.Place, await Queue.CountAsync(cancellationToken), await Queue.ListFailedAsync(MostFailures, cancellationToken));
        if (asJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(status, JobJson.Readable.JobStatus));
            return ExitCode.Success;
        }

        var counts = new Table().Border(TableBorder.Minimal).AddColumns("waiting", "delayed", "working", "done", "failed");
        counts.AddRow($"{status.Jobs.Waiting}", $"{status.Jobs.Delayed}", $"{status.Jobs.Working}", $"{status.Jobs.Done}", $"{status.Jobs.Failed}");
        console.Write(counts);
        if (status.Failed.Count > 0)
        {
            var failed = new Table().Border(TableBorder.Minimal).AddColumns("failed", "code", "reason");
            foreach (var failure in status.Failed)
                failed.AddRow(Cell(failure.Id), Cell(failure.Code), Cell(failure.Reason));
            console.Write(failed);
        }

        return ExitCode.Success;
    }

    private async Task<ExitCode> RetryAsync(string[] ids, CancellationToken cancellationToken)
    {
        var missing = 0;
        foreach (var id in ids)
        {
            if (await Queue.RetryAsync(id, cancellationToken))
                continue;
            missing++;
            await errors.WriteLineAsync("No failed job bears one of the names given. 'jobs status' shows them.");
        }

        await output.WriteLineAsync($"{ids.Length - missing} of {ids.Length} jobs were put back.");
        return missing == 0 ? ExitCode.Success : ExitCode.CheckFailed;
    }

    private async Task<ExitCode> CheckHealthAsync()
    {
        var problem = services.Value.GetRequiredService<JobHealth>().ReadProblem();
        await output.WriteLineAsync(problem ?? "The worker is well.");
        return problem is null ? ExitCode.Success : ExitCode.CheckFailed;
    }

    // Whoever puts a job in chooses its name.
    private static Text Cell(string text) => new(TerminalText.Clean(text));
}
