namespace Acme.App.Jobs;

/// <summary>Where the jobs lie and how many are worked on at a time.</summary>
internal sealed class JobOptions
{
    public const string SectionName = "Jobs";

    /// <summary>The folder with <c>inbox</c>, <c>working</c>, <c>done</c> and <c>failed</c>; a relative path starts at the program's home.</summary>
    public string Path { get; set; } = "jobs";

    /// <summary>How many jobs are worked on at a time. The default is 4.</summary>
    public int Concurrency { get; set; } = 4;

    /// <summary>How long an empty inbox is left alone. The default is half a second.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The largest job file that is read, in bytes. The default is 1 MiB.</summary>
    public int MaxJobBytes { get; set; } = 1024 * 1024;
}
