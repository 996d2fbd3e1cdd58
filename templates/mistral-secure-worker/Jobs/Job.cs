using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Acme.App.Guards;

namespace Acme.App.Jobs;

/// <summary>What a job holds: a chat request and who wants it answered.</summary>
/// <param name="Id">The owner's own name for the job; its name in the queue when absent.</param>
/// <param name="User">On whose behalf the job is done. The audit names them.</param>
internal sealed record Job(string? Id, string? User, string? Model, IReadOnlyList<ChatRequestMessage>? Messages, float? Temperature, int? MaxTokens)
{
    public ChatRequest ToChatRequest() => new() { Model = Model, Messages = Messages, Temperature = Temperature, MaxTokens = MaxTokens };
}

/// <summary>A finished job: its answer, and at which attempt it came.</summary>
internal sealed record JobResult(string Id, string User, string? Model, string Content, string? FinishReason, ChatUsage Usage, int Attempts);

/// <summary>Why a job failed, as it is kept beside the job. It quotes nothing of the job but the names of its fields.</summary>
/// <param name="Id">Its name in the queue, by which it is retried.</param>
/// <param name="Fields">What is wrong with which field, when the job itself is at fault.</param>
/// <param name="OwnId">The owner's own name for it, where it has one: a result would bear that.</param>
internal sealed record JobFailure(string Id, string Code, string Reason, IReadOnlyDictionary<string, string[]>? Fields = null, string? OwnId = null)
{
    /// <summary>What is kept beside a failed job, which may be damaged.</summary>
    public static JobFailure Read(ReadOnlySpan<byte> json, string id)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, JobJson.Default.JobFailure) is { Code: not null, Reason: not null } failure)
                return failure with { Id = id };
        }
        catch (JsonException)
        {
        }

        return new JobFailure(id, "job.unknown", "The reason is damaged. Run 'jobs retry', which tells the reason anew.");
    }

    public static JobFailure Duplicate(string id) => new(id, "job.duplicate", "A job of this name is done already. Give the job another name.");
}

/// <summary>The JSON of jobs and of what comes of them, without reflection. A field that a job does not have, or has already, is refused.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobResult))]
[JsonSerializable(typeof(JobFailure))]
[JsonSerializable(typeof(JobHealthReport))]
[JsonSerializable(typeof(JobStatus))]
internal sealed partial class JobJson : JsonSerializerContext
{
    /// <summary>Writes letters of all languages as they are: people read these files.</summary>
    public static JobJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
