using Acme.App.Auditing;
using Acme.App.Configuration;

namespace Acme.App.Jobs;

internal static class JobsServiceCollectionExtensions
{
    /// <summary>The queue and what works it off.</summary>
    public static IHostApplicationBuilder AddJobs(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<JobOptions, JobOptionsValidator>(JobOptions.SectionName);
        builder.Services.AddSingleton<FolderQueue>();
        builder.Services.AddSingleton<JobCallerAccessor>();
        builder.Services.AddSingleton<ICallerAccessor>(services => services.GetRequiredService<JobCallerAccessor>());
        builder.Services.AddHostedService<JobProcessor>();
        return builder;
    }
}
