using Acme.App.Configuration;

namespace Acme.App.Jobs;

/// <summary>How many jobs are worked on, and how often they are tried.</summary>
internal sealed class JobOptions
{
    public const string SectionName = "Jobs";

    /// <summary>How many jobs are worked on at a time. The default is 4.</summary>
    public int Concurrency { get; set; } = 4;

    /// <summary>The most jobs that this worker tries in a minute, whatever requests that takes. The default is 0: no limit but Mistral's own.</summary>
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

internal sealed class JobOptionsValidator : OptionsValidator<JobOptions>
{
    public JobOptionsValidator()
    {
        Rule(nameof(JobOptions.HealthFile), options => !string.IsNullOrWhiteSpace(options.HealthFile),
            "The health file has no name.", "Set it to a file, for example jobs/health.json.");
        Rule(nameof(JobOptions.Concurrency), options => options.Concurrency is >= 1 and <= 256,
            "The number of jobs worked on at a time is out of range.", "Set it to a number from 1 to 256.");
        Rule(nameof(JobOptions.RequestsPerMinute), options => options.RequestsPerMinute is >= 0 and <= 1_000_000,
            "The number of requests in a minute is out of range.", "Set it to a number from 1 to 1000000, or to 0 for no limit.");
        Rule(nameof(JobOptions.MaxAttempts), options => options.MaxAttempts is >= 1 and <= 100,
            "The number of attempts is out of range.", "Set it to a number from 1 to 100.");
        Rule(nameof(JobOptions.MaxJobBytes), options => options.MaxJobBytes is >= 1024 and <= 64 * 1024 * 1024,
            "The size limit for a job is out of range.", "Set it to a number of bytes from 1024 to 67108864.");
        Rule(nameof(JobOptions.PollInterval), options => IsBetween(options.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            "The poll interval is out of range.", "Set it to a time from 00:00:00.010 to 00:10:00.");
        Rule(nameof(JobOptions.RetryDelay), options => IsBetween(options.RetryDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            "The wait before another attempt is out of range.", "Set it to a time from 00:00:00.010 to 01:00:00.");
        Rule(nameof(JobOptions.MaxRetryDelay), options => IsBetween(options.MaxRetryDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)),
            "The longest wait before another attempt is out of range.", "Set it to a time from 00:00:00.010 to 1.00:00:00.");
        Rule(nameof(JobOptions.Heartbeat), options => IsBetween(options.Heartbeat, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            "The heartbeat is out of range.", "Set it to a time from 00:00:00.100 to 00:05:00.");
        Rule(nameof(JobOptions.KeyCheckInterval), options => IsBetween(options.KeyCheckInterval, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)),
            "The time between two checks of the key is out of range.", "Set it to a time from 00:00:01 to 30.00:00:00.");
    }
}
