using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Mistral;

namespace Acme.App.Jobs;

internal static class JobsServiceCollectionExtensions
{
    /// <summary>The queue and what works it off, as a service of systemd or Windows where one of them starts it.</summary>
    public static IHostApplicationBuilder AddJobs(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<JobOptions, JobOptionsValidator>(JobOptions.SectionName);
        // One 429 holds all jobs at once, for as long as Mistral asks; each hand by itself would ask again and again.
        builder.Services.PostConfigure<MistralOptions>(options =>
            options.Resilience.RetryRateLimited &= builder.Configuration["Mistral:Resilience:RetryRateLimited"] is not null);
        builder.Services.AddSystemd().AddWindowsService();
        builder.AddJobQueue();
        builder.Services.AddSingleton<JobCallerAccessor>();
        builder.Services.AddSingleton<ICallerAccessor>(services => services.GetRequiredService<JobCallerAccessor>());
        builder.Services.AddSingleton<JobPace>();
        builder.Services.AddSingleton<JobMetrics>();
        builder.Services.AddSingleton<JobHealth>();
        builder.Services.AddSingleton<JobAnswerer>();
        builder.Services.AddHostedService<JobProcessor>();
        builder.Services.AddHostedService<JobHeartbeat>();
        return builder;
    }
}
