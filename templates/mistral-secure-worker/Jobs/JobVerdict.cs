using System.Net;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Guards;
using Acme.App.Mistral;

namespace Acme.App.Jobs;

/// <summary>What becomes of a job that has no answer.</summary>
internal enum JobCourse
{
    /// <summary>It goes to the failed ones at once: another attempt would end the same way.</summary>
    Fail,

    /// <summary>It is tried again after a while, and fails after the last attempt.</summary>
    Retry,

    /// <summary>No job would fare better now: it goes back uncounted, and the whole worker waits.</summary>
    Pause,
}

/// <summary>Judges what stopped a job, and puts it into words that may stand beside it.</summary>
/// <param name="RetryAfter">How long Mistral asks to wait, where it said so.</param>
internal sealed record JobVerdict(JobCourse Course, JobFailure Failure, TimeSpan? RetryAfter = null)
{
    private const int LongestField = 200;

    public static JobVerdict Of(ClaimedJob job, Exception exception)
    {
        var id = job.Id;
        var failure = exception switch
        {
            JobException fault => fault.Failure,
            JsonException fault => new JobFailure(id, "job.malformed", Describe(fault)),
            // No caller is told so; whoever reads this runs the worker.
            MistralException { Status: HttpStatusCode.PaymentRequired } =>
                new JobFailure(id, "mistral.permission", "Mistral's account has no credit or plan for this. Look at its billing."),
            _ when ChatFailure.From(exception) is { } chat => new JobFailure(id, chat.Code, chat.Message, chat.Fields),
            _ => new JobFailure(id, "internal", "The worker failed on this job. Its log says why."),
        };
        return new JobVerdict(CourseOf(exception), failure with { OwnId = OwnIdOf(job) }, (exception as MistralException)?.RetryAfter);
    }

    private static string? OwnIdOf(ClaimedJob job)
    {
        try
        {
            return JobAnswerer.Read(job)?.Id;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JobCourse CourseOf(Exception exception) => exception switch
    {
        JobException or JsonException => JobCourse.Fail,
        ChatRefusedException { Code: ChatRefusedException.ModerationFailed } => JobCourse.Retry,
        ChatRefusedException => JobCourse.Fail,
        AuditUnavailableException => JobCourse.Pause,
        // A key that is refused today fails every job; it must not carry the whole queue into the failed ones.
        MistralException { ConcernsAll: true } => JobCourse.Pause,
        MistralException failure => failure.Kind switch
        {
            MistralErrorKind.Unavailable or MistralErrorKind.TimedOut or MistralErrorKind.BrokenStream => JobCourse.Retry,
            // It may not have been Mistral that answered: a proxy's page, or an address that is not the API's.
            MistralErrorKind.Unreadable or MistralErrorKind.NotFound => JobCourse.Retry,
            _ => JobCourse.Fail,
        },
        _ => JobCourse.Retry,
    };

    // The exception's own message may quote the job.
    private static string Describe(JsonException fault)
    {
        var field = fault.Path is ['$', '.', .. { Length: <= LongestField } path] ? $"'{path}' in " : "";
        return $"This is no job in JSON and UTF-8: see {field}line {fault.LineNumber + 1 ?? 1}. "
            + "A job has user, messages and, if wanted, id, model, temperature and maxTokens.";
    }
}

/// <summary>The job itself is at fault.</summary>
internal sealed class JobException(JobFailure failure) : Exception(failure.Reason)
{
    public JobFailure Failure { get; } = failure;
}
