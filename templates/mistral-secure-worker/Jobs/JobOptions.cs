namespace Acme.App.Jobs;

/// <summary>What a result survives before its job counts as done: the process's end, however sudden, or the loss of power as well.</summary>
internal enum JobDurability
{
    Process,
    Disk,
}

/// <summary>Where the jobs are, how many are worked on, and how often they are tried.</summary>
internal sealed class JobOptions
{
    public const string SectionName = "Jobs";

    /// <summary>The folder queue's folder; a relative path starts at the program's home. The default is <c>jobs</c>.</summary>
    public string Path { get; set; } = "jobs";

    /// <summary>What a result in the folder queue survives. The default is the process's end; <c>Disk</c> costs a flush for each job.</summary>
    public JobDurability Durability { get; set; } = JobDurability.Process;

    /// <summary>How many jobs are worked on at a time. The default is 4.</summary>
    public int Concurrency { get; set; } = 4;

    /// <summary>The most requests that this worker sends in a minute. The default is 0: no limit but Mistral's own.</summary>
    public int RequestsPerMinute { get; set; }

    /// <summary>How long an empty queue is left alone. The default is half a second.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The largest job that is read, in bytes. The default is 1 MiB.</summary>
    public int MaxJobBytes { get; set; } = 1024 * 1024;

    /// <summary>How often a job is tried before it fails, attempts of killed workers included. The default is 6.</summary>
    public int MaxAttempts { get; set; } = 6;

    /// <summary>The wait after the first attempt; it doubles with each further one. The default is 5 seconds.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait for one job or, where Mistral asks for one, for the whole worker. The default is 10 minutes.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often this worker shows that it lives, and looks for claims of dead ones. The default is 10 seconds.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often Mistral is asked whether it still takes the key. The default is once a day.</summary>
    public TimeSpan KeyCheckInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The file that says how this worker is, one for each worker. The default is <c>jobs/health.json</c>.</summary>
    public string HealthFile { get; set; } = "jobs/health.json";
}
