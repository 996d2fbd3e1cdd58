using System.Text.Json;
using System.Text.Json.Serialization;

namespace Acme.App.Jobs;

/// <summary>The files' JSON, without reflection. A field that a job does not have is refused.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobResult))]
[JsonSerializable(typeof(JobFailure))]
[JsonSerializable(typeof(JobHealthReport))]
[JsonSerializable(typeof(JobStatus))]
internal sealed partial class JobJsonContext : JsonSerializerContext;
