using System.Text.Json;
using Acme.App.Guards;
using Acme.App.Mistral;
using FluentValidation;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>Works the queue off: claims a job, has it answered, and leaves a result or a reason.</summary>
internal sealed partial class JobProcessor(
    FolderQueue queue,
    IChatClient chatClient,
    IValidator<ChatRequest> validator,
    JobCallerAccessor caller,
    IOptions<JobOptions> options,
    IOptions<MistralOptions> mistral,
    TimeProvider time,
    ILogger<JobProcessor> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var returned = queue.Prepare();
        LogWatching(queue.Inbox, returned);
        await Task.WhenAll(Enumerable.Range(0, options.Value.Concurrency).Select(_ => WorkAsync(stoppingToken)));
    }

    private async Task WorkAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (queue.TryClaim() is { } name)
                    await ProcessAsync(name, stoppingToken);
                else
                    await Task.Delay(options.Value.PollInterval, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (IOException exception)
            {
                LogFolderFault(exception);
                await Task.Delay(options.Value.PollInterval, time, stoppingToken);
            }
        }
    }

    private async Task ProcessAsync(string name, CancellationToken stoppingToken)
    {
        var id = Path.GetFileNameWithoutExtension(name);
        try
        {
            var result = await AnswerAsync(name, id, stoppingToken);
            queue.Complete(name, result);
            LogDone(id);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            queue.Return(name);
            throw;
        }
        catch (Exception exception) when (JobFailures.From(id, exception) is { } failure)
        {
            queue.Fail(name, failure);
            LogFailed(id, failure.Code);
        }
    }

    private async Task<JobResult> AnswerAsync(string name, string id, CancellationToken cancellationToken)
    {
        if (queue.IsDone(name))
            throw new JobException("job.duplicate", "A result of this name stands in the done folder. Give the job another name.");

        var job = await ReadAsync(name, cancellationToken);
        if (string.IsNullOrWhiteSpace(job.User))
            throw new JobException("job.invalid", "The job names no user. Set \"user\" to the person or system that it is done for.");

        var request = job.ToChatRequest(mistral.Value.Model);
        caller.Serve(job.User, job.Id ?? id);
        if (validator.Validate(request) is { IsValid: false } result)
            throw ChatRefusedException.Invalid(result);

        var response = await chatClient.GetResponseAsync(request.ToChatMessages(), request.ToChatOptions(), cancellationToken);
        return JobResult.FromResponse(job.Id ?? id, job.User, response);
    }

    private async Task<Job> ReadAsync(string name, CancellationToken cancellationToken)
    {
        await using var stream = queue.OpenClaimed(name);
        if (stream.Length > options.Value.MaxJobBytes)
            throw new JobException("job.too_large", $"The job is larger than the {options.Value.MaxJobBytes} bytes that Jobs:MaxJobBytes allows.");

        return await JsonSerializer.DeserializeAsync(stream, JobJsonContext.Default.Job, cancellationToken)
            ?? throw new JobException("job.invalid", "The file holds null instead of a job.");
    }

    [LoggerMessage(3001, LogLevel.Information, "Jobs are taken from {Inbox}; {Returned} went back that an earlier run had left.")]
    private partial void LogWatching(string inbox, int returned);

    [LoggerMessage(3002, LogLevel.Information, "Job {Id} is done.")]
    private partial void LogDone(string id);

    [LoggerMessage(3003, LogLevel.Warning, "Job {Id} failed: {Code}.")]
    private partial void LogFailed(string id, string code);

    [LoggerMessage(3004, LogLevel.Error, "The job folders cannot be read or written; trying again.")]
    private partial void LogFolderFault(Exception exception);
}
