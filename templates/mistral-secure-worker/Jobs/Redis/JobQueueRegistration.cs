using Acme.App.Configuration;
using Acme.App.Scale;

namespace Acme.App.Jobs;

/// <summary>The jobs are in Redis, for several workers.</summary>
internal static class JobQueueRegistration
{
    public static void AddJobQueue(this IHostApplicationBuilder builder)
    {
        builder.AddScale();
        builder.AddValidatedOptions<RedisQueueOptions, RedisQueueOptionsValidator>(RedisQueueOptions.SectionName);
        builder.Services.AddSingleton<IJobQueue, RedisQueue>();
    }
}
