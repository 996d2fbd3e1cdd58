using FluentValidation;

namespace Acme.App.Jobs;

internal sealed class JobOptionsValidator : AbstractValidator<JobOptions>
{
    public JobOptionsValidator()
    {
        RuleFor(options => options.Path).NotEmpty()
            .WithMessage("The jobs have no folder.").WithState(_ => "Set it to a folder, for example jobs.");
        RuleFor(options => options.HealthFile).NotEmpty()
            .WithMessage("The health file has no name.").WithState(_ => "Set it to a file, for example jobs/health.json.");
        RuleFor(options => options.Durability).IsInEnum()
            .WithMessage("The durability is not one that there is.").WithState(_ => "Set it to Process or Disk.");
        RuleFor(options => options.Concurrency).InclusiveBetween(1, 256)
            .WithMessage("The number of jobs worked on at a time is out of range.").WithState(_ => "Set it to a number from 1 to 256.");
        RuleFor(options => options.RequestsPerMinute).InclusiveBetween(0, 1_000_000)
            .WithMessage("The number of requests in a minute is out of range.").WithState(_ => "Set it to a number from 1 to 1000000, or to 0 for no limit.");
        RuleFor(options => options.MaxAttempts).InclusiveBetween(1, 100)
            .WithMessage("The number of attempts is out of range.").WithState(_ => "Set it to a number from 1 to 100.");
        RuleFor(options => options.MaxJobBytes).InclusiveBetween(1024, 64 * 1024 * 1024)
            .WithMessage("The size limit for a job is out of range.").WithState(_ => "Set it to a number of bytes from 1024 to 67108864.");
        RuleFor(options => options.PollInterval).InclusiveBetween(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10))
            .WithMessage("The poll interval is out of range.").WithState(_ => "Set it to a time from 00:00:00.010 to 00:10:00.");
        RuleFor(options => options.RetryDelay).InclusiveBetween(TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1))
            .WithMessage("The wait before another attempt is out of range.").WithState(_ => "Set it to a time from 00:00:00.010 to 01:00:00.");
        RuleFor(options => options.MaxRetryDelay).InclusiveBetween(TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1))
            .WithMessage("The longest wait before another attempt is out of range.").WithState(_ => "Set it to a time from 00:00:00.010 to 1.00:00:00.");
        RuleFor(options => options.Heartbeat).InclusiveBetween(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5))
            .WithMessage("The heartbeat is out of range.").WithState(_ => "Set it to a time from 00:00:00.100 to 00:05:00.");
        RuleFor(options => options.KeyCheckInterval).InclusiveBetween(TimeSpan.FromMinutes(1), TimeSpan.FromDays(30))
            .WithMessage("The time between two checks of the key is out of range.").WithState(_ => "Set it to a time from 00:01:00 to 30.00:00:00.");
    }
}
