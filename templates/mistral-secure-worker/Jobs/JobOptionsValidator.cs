using FluentValidation;

namespace Acme.App.Jobs;

internal sealed class JobOptionsValidator : AbstractValidator<JobOptions>
{
    public JobOptionsValidator()
    {
        RuleFor(options => options.Path).NotEmpty()
            .WithMessage("The jobs have no folder.").WithState(_ => "Set it to a folder, for example jobs.");
        RuleFor(options => options.Concurrency).InclusiveBetween(1, 256)
            .WithMessage("The number of jobs worked on at a time is out of range.").WithState(_ => "Set it to a number from 1 to 256.");
        RuleFor(options => options.PollInterval).InclusiveBetween(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10))
            .WithMessage("The poll interval is out of range.").WithState(_ => "Set it to a time from 00:00:00.010 to 00:10:00.");
        RuleFor(options => options.MaxJobBytes).InclusiveBetween(1024, 64 * 1024 * 1024)
            .WithMessage("The size limit for a job is out of range.").WithState(_ => "Set it to a number of bytes from 1024 to 67108864.");
    }
}
