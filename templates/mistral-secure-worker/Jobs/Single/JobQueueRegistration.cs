namespace Acme.App.Jobs;

/// <summary>The jobs are in a folder.</summary>
internal static class JobQueueRegistration
{
    public static void AddJobQueue(this IHostApplicationBuilder builder) => builder.Services.AddSingleton<IJobQueue, FolderQueue>();
}
