using Acme.App.Configuration;

namespace Acme.App.Jobs;

/// <summary>How long Redis keeps what has ended.</summary>
internal sealed class RedisQueueOptions
{
    public const string SectionName = "Jobs:Redis";

    /// <summary>How long a result can be fetched; for as long its name is taken. The default is 7 days.</summary>
    public TimeSpan KeepResults { get; set; } = TimeSpan.FromDays(7);

    /// <summary>About how many failed jobs are kept, the newest. The default is 100000.</summary>
    public int KeepFailed { get; set; } = 100_000;
}

internal sealed class RedisQueueOptionsValidator : OptionsValidator<RedisQueueOptions>
{
    public RedisQueueOptionsValidator()
    {
        Rule(nameof(RedisQueueOptions.KeepResults), options => IsBetween(options.KeepResults, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
            "The time that results are kept is out of range.", "Set it to a time from 00:01:00 to 3650.00:00:00.");
        Rule(nameof(RedisQueueOptions.KeepFailed), options => options.KeepFailed is >= 100 and <= 10_000_000,
            "The number of failed jobs that are kept is out of range.", "Set it to a number from 100 to 10000000.");
    }
}
