using Acme.App.Configuration;

namespace Acme.App.Jobs;

internal sealed class JobOptionsValidator : OptionsValidator<JobOptions>
{
    public JobOptionsValidator()
    {
        Rule(nameof(JobOptions.Path), options => !string.IsNullOrWhiteSpace(options.Path),
            "The jobs have no folder.", "Set it to a folder, for example jobs.");
        Rule(nameof(JobOptions.HealthFile), options => !string.IsNullOrWhiteSpace(options.HealthFile),
            "The health file has no name.", "Set it to a file, for example jobs/health.json.");
        Rule(nameof(JobOptions.Durability), options => Enum.IsDefined(options.Durability),
            "The durability is not one that there is.", "Set it to Process or Disk.");
        Rule(nameof(JobOptions.Concurrency), options => options.Concurrency is >= 1 and <= 256,
            "The number of jobs worked on at a time is out of range.", "Set it to a number from 1 to 256.");
        Rule(nameof(JobOptions.RequestsPerMinute), options => options.RequestsPerMinute is >= 0 and <= 1_000_000,
            "The number of requests in a minute is out of range.", "Set it to a number from 1 to 1000000, or to 0 for no limit.");
        Rule(nameof(JobOptions.MaxAttempts), options => options.MaxAttempts is >= 1 and <= 100,
            "The number of attempts is out of range.", "Set it to a number from 1 to 100.");
        Rule(nameof(JobOptions.MaxJobBytes), options => options.MaxJobBytes is >= 1024 and <= 64 * 1024 * 1024,
            "The size limit for a job is out of range.", "Set it to a number of bytes from 1024 to 67108864.");
        Rule(nameof(JobOptions.PollInterval), options => options.PollInterval >= TimeSpan.FromMilliseconds(10) && options.PollInterval <= TimeSpan.FromMinutes(10),
            "The poll interval is out of range.", "Set it to a time from 00:00:00.010 to 00:10:00.");
        Rule(nameof(JobOptions.RetryDelay), options => options.RetryDelay >= TimeSpan.FromMilliseconds(10) && options.RetryDelay <= TimeSpan.FromHours(1),
            "The wait before another attempt is out of range.", "Set it to a time from 00:00:00.010 to 01:00:00.");
        Rule(nameof(JobOptions.MaxRetryDelay), options => options.MaxRetryDelay >= TimeSpan.FromMilliseconds(10) && options.MaxRetryDelay <= TimeSpan.FromDays(1),
            "The longest wait before another attempt is out of range.", "Set it to a time from 00:00:00.010 to 1.00:00:00.");
        Rule(nameof(JobOptions.Heartbeat), options => options.Heartbeat >= TimeSpan.FromMilliseconds(100) && options.Heartbeat <= TimeSpan.FromMinutes(5),
            "The heartbeat is out of range.", "Set it to a time from 00:00:00.100 to 00:05:00.");
        Rule(nameof(JobOptions.KeyCheckInterval), options => options.KeyCheckInterval >= TimeSpan.FromSeconds(1) && options.KeyCheckInterval <= TimeSpan.FromDays(30),
            "The time between two checks of the key is out of range.", "Set it to a time from 00:00:01 to 30.00:00:00.");
    }
}
