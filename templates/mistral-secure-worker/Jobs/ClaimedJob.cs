namespace Acme.App.Jobs;

/// <summary>A job that this worker has. A class and not a record, so that no log prints the body.</summary>
internal sealed class ClaimedJob
{
    /// <summary>The name the job bears in the queue.</summary>
    public required string Id { get; init; }

    /// <summary>The queue's own handle of the claim.</summary>
    public required string Handle { get; init; }

    /// <summary>Which attempt this is, from 1. An attempt whose worker was killed counts.</summary>
    public required int Attempt { get; init; }

    /// <summary>The job in JSON, cut just above <see cref="JobOptions.MaxJobBytes"/>; null when it could not be read.</summary>
    public required ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Whether another job of this name is done already.</summary>
    public required bool IsDuplicate { get; init; }
}
