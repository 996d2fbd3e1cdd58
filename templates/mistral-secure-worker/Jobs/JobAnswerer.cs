using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Guards;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Acme.App.Jobs;

/// <summary>Has one job answered. The request's rules are those of the road; the attempt is on record before anything is sent.</summary>
internal sealed class JobAnswerer(
    IChatClient chatClient, AuditLog audit, JobCallerAccessor caller, JobPace pace, IOptions<JobOptions> options)
{
    public async Task<JobResult> AnswerAsync(ClaimedJob claim, CancellationToken cancellationToken)
    {
        if (claim.IsDuplicate)
            throw new JobException(JobFailure.Duplicate(claim.Id));
        if (claim.Attempt > options.Value.MaxAttempts)
            throw Wrong(claim, "job.poison", $"The worker ended {claim.Attempt - 1} times while it was at this job. Look into its log before you retry it.");
        if (claim.Body is not { } body)
            throw Wrong(
                claim, "job.unreadable",
                "The job cannot be read. It must be a file, not a link, that the worker's account may read, or in Redis have a name in UTF-8.");
        if (body.Length > options.Value.MaxJobBytes)
            throw Wrong(claim, "job.too_large", $"The job is larger than the {options.Value.MaxJobBytes} bytes that Jobs:MaxJobBytes allows.");
        if (Read(claim) is not { } job)
            throw Wrong(claim, "job.invalid", "There is null instead of a job.");
        if (string.IsNullOrWhiteSpace(job.User))
            throw Wrong(claim, "job.invalid", "The job names no user. Set \"user\" to the person or system that it is done for.");

        var id = job.Id ?? claim.Id;
        var request = job.ToChatRequest();
        caller.Serve(job.User, id);
        await pace.WaitForTurnAsync(cancellationToken);
        await audit.WriteAsync(new AuditRecord(AuditActions.JobAttempted) { Detail = $"Attempt {claim.Attempt}." });
        var response = await chatClient.GetResponseAsync(request.ToChatMessages(), request.ToChatOptions(), cancellationToken);
        return new JobResult(
            id, job.User, response.ModelId, response.Text, response.FinishReason?.Value, ChatUsage.FromDetails(response.Usage), claim.Attempt);
    }

    /// <exception cref="JsonException">It is no job.</exception>
    public static Job? Read(ClaimedJob claim)
    {
        var text = claim.Body.GetValueOrDefault().Span;
        // RFC 8259, section 8.1: a byte order mark is not to be written, and may be passed over.
        return JsonSerializer.Deserialize(text.StartsWith("\uFEFF"u8) ? text[3..] : text, JobJson.Default.Job);
    }

    private static JobException Wrong(ClaimedJob claim, string code, string reason) => new(new JobFailure(claim.Id, code, reason));
}
