using Acme.App.Guards;
using Acme.App.Jobs;
using Acme.App.Scale;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Jobs;

/// <summary>Queues without a worker.</summary>
internal static class JobsRoom
{
    public static JobResult Result { get; } = new("a", "ada", null, "An answer.", null, new ChatUsage(0, 0, 0), 1);

    public static async Task<FolderQueue> OpenFolderAsync(string folder, TimeProvider? time = null, ILogger<FolderQueue>? logger = null)
    {
        var queue = Folder(folder, time, logger);
        await queue.OpenAsync(TestContext.Current.CancellationToken);
        return queue;
    }

    public static FolderQueue Folder(string folder, TimeProvider? time = null, ILogger<FolderQueue>? logger = null) => new(
        Options.Create(new FolderQueueOptions { Path = folder }),
        Options.Create(new JobOptions()),
        new HostingEnvironment { ContentRootPath = folder },
        time ?? TimeProvider.System,
        logger ?? NullLogger<FolderQueue>.Instance);

    public static async Task<RedisQueue> OpenRedisAsync(RedisConnection redis, JobOptions? options = null)
    {
        var queue = new RedisQueue(redis, Options.Create(options ?? new JobOptions()), Options.Create(new RedisQueueOptions()));
        await queue.OpenAsync(TestContext.Current.CancellationToken);
        return queue;
    }

    public static Task FailAsync(this IJobQueue queue, ClaimedJob job, string reason = "Wrong.") =>
        queue.FailAsync(job, new JobFailure(job.Id, "job.invalid", reason), TestContext.Current.CancellationToken);

    /// <returns>What failed until it was stopped, in that order.</returns>
    public static async Task<List<string>> FailAllAsync(this IJobQueue queue, CancellationToken stop)
    {
        var failed = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            foreach (var job in await queue.ClaimAsync(10, TestContext.Current.CancellationToken))
            {
                failed.Add(job.Id);
                await queue.FailAsync(job);
            }
        }

        return failed;
    }

    /// <summary>Puts a job that nobody is still writing into the inbox.</summary>
    public static string Put(string folder, string name, string job = "{}")
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "inbox")).FullName, name);
        File.WriteAllText(file, job);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(-1));
        return file;
    }
}
