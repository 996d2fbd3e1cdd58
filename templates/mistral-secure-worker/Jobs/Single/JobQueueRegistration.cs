using Acme.App.Configuration;

namespace Acme.App.Jobs;

/// <summary>The jobs are in a folder.</summary>
internal static class JobQueueRegistration
{
    public static void AddJobQueue(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<FolderQueueOptions, FolderQueueOptionsValidator>(FolderQueueOptions.SectionName);
        builder.Services.AddSingleton<IJobQueue, FolderQueue>();
    }
}
