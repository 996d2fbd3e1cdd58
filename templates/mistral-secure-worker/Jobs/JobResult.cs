using Microsoft.Extensions.AI;

namespace Acme.App.Jobs;

/// <summary>A finished job: its answer, and at which attempt it came.</summary>
internal sealed record JobResult(string Id, string User, string? Model, string Content, string? FinishReason, JobUsage Usage, int Attempts)
{
    public static JobResult FromResponse(string id, string user, int attempts, ChatResponse response)
    {
        var (input, output) = (response.Usage?.InputTokenCount ?? 0, response.Usage?.OutputTokenCount ?? 0);
        return new(id, user, response.ModelId, response.Text, response.FinishReason?.Value, new(input, output, response.Usage?.TotalTokenCount ?? input + output), attempts);
    }
}

/// <summary>What an answer cost, in tokens.</summary>
internal sealed record JobUsage(long PromptTokens, long CompletionTokens, long TotalTokens);

/// <summary>Why a job failed, as it lies beside the job in <c>failed</c>. It quotes nothing of the job.</summary>
/// <param name="Fields">What is wrong with which field, when the job itself is at fault.</param>
internal sealed record JobFailure(string Id, string Code, string Reason, IReadOnlyDictionary<string, string[]>? Fields = null);
