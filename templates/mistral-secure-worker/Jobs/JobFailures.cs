using System.Text.Json;
using Acme.App.Auditing;

namespace Acme.App.Jobs;

/// <summary>Puts what stopped a job into words that may stand beside it.</summary>
internal static class JobFailures
{
    public static JobFailure From(string id, Exception exception) => exception switch
    {
        JobException fault => new JobFailure(id, fault.Code, fault.Message),
        JsonException fault => new JobFailure(id, "job.malformed", Describe(fault)),
        _ when ChatFailure.From(exception) is { } failure => new JobFailure(id, failure.Code, failure.Message, failure.Fields),
        _ => new JobFailure(id, "internal", "The worker failed on this job. Its log says why."),
    };

    // The exception's own message may quote the file.
    private static string Describe(JsonException fault) => fault.LineNumber is { } line
        ? $"The file is no job in JSON: see line {line + 1}. A job has user, messages and, if wanted, id, model, temperature and maxTokens."
        : "The file is no job in JSON.";
}
