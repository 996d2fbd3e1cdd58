using Acme.App.Jobs;

namespace MistralTemplates.Tests.Rooms.Jobs;

/// <summary>Folders that others change, and clocks that go wrong.</summary>
public sealed class FolderQueueFaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("folder-queue-").FullName;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RetryAll_WhileTheJobsFailAgain_PutsEachBackOnceAndTheOldestFirst()
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        for (var job = 0; job < 250; job++)
            AddFailed($"job-{job}", DateTime.UtcNow.AddHours(-1).AddSeconds(job));
        using var stop = new CancellationTokenSource();
        var failing = Task.Run(() => FailAllAsync(queue, stop.Token), CancellationToken);

        Assert.Equal(250, await queue.RetryAllAsync(CancellationToken));

        while ((await queue.CountAsync(CancellationToken)).Failed < 250)
            await Task.Delay(20, CancellationToken);
        await stop.CancelAsync();
        Assert.Equal(Enumerable.Range(0, 250).Select(job => $"job-{job}").Order(), (await failing).Order());
    }

    [Fact]
    public async Task ListFailed_WhileOthersRetry_PassesOverWhatHasGone()
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        for (var job = 0; job < 500; job++)
            AddFailed($"job-{job}", DateTime.UtcNow);
        var retry = Task.Run(() => queue.RetryAllAsync(CancellationToken), CancellationToken);

        while (!retry.IsCompleted)
            await queue.ListFailedAsync(500, CancellationToken);

        Assert.Equal(500, await retry);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<List<string>> FailAllAsync(FolderQueue queue, CancellationToken cancellationToken)
    {
        var failed = new List<string>();
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var job in await queue.ClaimAsync(10, CancellationToken))
            {
                failed.Add(job.Id);
                await queue.FailAsync(job);
            }
        }

        return failed;
    }

    private void AddFailed(string name, DateTime when)
    {
        var reason = Path.Combine(_folder, "failed", name + ".reason.json");
        File.WriteAllText(Path.Combine(_folder, "failed", name + ".json"), "{}");
        File.WriteAllText(reason, "{}");
        File.SetLastWriteTimeUtc(reason, when);
    }
}
