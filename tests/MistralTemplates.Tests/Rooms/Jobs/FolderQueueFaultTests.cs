using Acme.App.Jobs;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

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
        var failing = Task.Run(() => queue.FailAllAsync(stop.Token), CancellationToken);

        Assert.Equal(250, await queue.RetryAllAsync(CancellationToken));

        while ((await queue.CountAsync(CancellationToken)).Failed < 250)
            await Task.Delay(20, CancellationToken);
        await stop.CancelAsync();
        Assert.Equal(Enumerable.Range(0, 250).Select(job => $"job-{job}"), await failing);
    }

    [Fact]
    public async Task ListFailed_WhileOthersRetry_PassesOverWhatHasGone()
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        for (var job = 0; job < 500; job++)
            AddFailed($"job-{job}", DateTime.UtcNow);
        var retries = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => queue.RetryAllAsync(CancellationToken), CancellationToken)));

        while (!retries.IsCompleted)
            await queue.ListFailedAsync(500, CancellationToken);

        await retries;
        Assert.Equal(new JobCounts(0, 500, 0, 0, 0), await queue.CountAsync(CancellationToken));
    }

    /// <summary>Whoever clears <c>working</c> up may think that the folder of an idle worker is left over.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Claim_AfterItsOwnFolderWasTakenAway_GoesOnWithTheNextBeat(bool isLockGone)
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        var working = Path.Combine(_folder, "working");
        Directory.Delete(isLockGone ? working : Assert.Single(Directory.GetDirectories(working)), recursive: true);

        await queue.TakeUpAsync(CancellationToken);
        JobsRoom.Put(_folder, "a.json");

        Assert.Equal("a", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
        // By which another worker would know whether this one lives, and take the claim up.
        Assert.Equal(Assert.Single(Directory.GetDirectories(working)) + ".lock", Assert.Single(Directory.GetFiles(working)));
    }

    /// <summary>Files that are not whole yet, by their time, may be as many as are looked at once.</summary>
    [Fact]
    public async Task Claim_BehindManyFilesThatAreNotSettled_FindsTheJob()
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        for (var file = 0; file < 5000; file++)
            File.SetLastWriteTimeUtc(JobsRoom.Put(_folder, $"new-{file}.json"), DateTime.UtcNow.AddMinutes(2));
        var jobs = Enumerable.Range(0, 20).Select(job => $"job-{job}").ToHashSet();
        foreach (var job in jobs)
            JobsRoom.Put(_folder, job + ".json");

        var claimed = await queue.ClaimAsync(100, CancellationToken);

        Assert.Equal(jobs, claimed.Select(job => job.Id).ToHashSet());
    }

    /// <summary>Whatever bears its name, a job ends beside it.</summary>
    [Fact]
    public async Task Job_WhoseNameAFolderBears_EndsUnderTheNext()
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        foreach (var taken in (string[])["done/a.json", "failed/b.json", "failed/c.reason.json"])
            Directory.CreateDirectory(Path.Combine(_folder, taken));
        foreach (var job in (string[])["a", "b", "c"])
            JobsRoom.Put(_folder, job + ".json");
        var claims = (await queue.ClaimAsync(3, CancellationToken)).OrderBy(claim => claim.Id, StringComparer.Ordinal).ToArray();

        await queue.CompleteAsync(claims[0], JobsRoom.Result, CancellationToken);
        foreach (var claim in claims[1..])
            await queue.FailAsync(claim);

        string[] ended = ["done/a-2.json", "failed/b-2.json", "failed/b-2.reason.json", "failed/c-2.json", "failed/c-2.reason.json"];
        Assert.All(ended, file => Assert.True(File.Exists(Path.Combine(_folder, file)), file));
    }

    /// <summary>While an answer cannot be published its claim is gone, and a second job of its name must not take the claim's place.</summary>
    [Fact]
    public async Task Claim_OfANamesake_WaitsUntilTheFirstAnswerIsPublished()
    {
        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        JobsRoom.Put(_folder, "a.json");
        var first = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        var (done, aside) = (Path.Combine(_folder, "done"), Path.Combine(_folder, "aside"));
        Directory.Move(done, aside);
        await Assert.ThrowsAnyAsync<IOException>(() => queue.CompleteAsync(first, JobsRoom.Result, CancellationToken));

        JobsRoom.Put(_folder, "a.json");
        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
        Directory.Move(aside, done);
        await queue.CompleteAsync(first, JobsRoom.Result, CancellationToken);

        var second = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        Assert.True(second.IsDuplicate);
    }

    /// <summary>What was put back before the clock was set back is due again when it should be, or at once.</summary>
    [Theory]
    [InlineData(-60 * 24, 1)]
    [InlineData(-30, 1)]
    [InlineData(0, 0)]
    [InlineData(11, 1)]
    public async Task Claim_OfADelayedJob_AfterTheClockWasSet_IsNotPutOffForLong(int minutes, int claimed)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var queue = await JobsRoom.OpenFolderAsync(_folder, time);
        JobsRoom.Put(_folder, "a.json");
        var job = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        await queue.ReturnAsync(job, new JobOptions().MaxRetryDelay, isCounted: true, CancellationToken);

        time.AdjustTime(time.GetUtcNow().AddMinutes(minutes));

        Assert.Equal(claimed, (await queue.ClaimAsync(1, CancellationToken)).Count);
    }

    /// <summary>An answer is no less confidential than its question.</summary>
    [Theory]
    [InlineData("600", "600")]
    [InlineData("640", "640")]
    [InlineData("666", "640")]
    [InlineData("444", "640")]
    [InlineData("000", "600")]
    public async Task Result_OfAJob_IsReadByTheGroupOnlyWhereTheJobIs(string job, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Folders pass on their rights there.");
            return;
        }

        using var queue = await JobsRoom.OpenFolderAsync(_folder);
        foreach (var name in (string[])["done", "failed"])
            File.SetUnixFileMode(JobsRoom.Put(_folder, name + ".json"), Mode(job));
        foreach (var claim in (await queue.ClaimAsync(2, CancellationToken)).OrderBy(claim => claim.Id))
            await (claim.Id == "done" ? queue.CompleteAsync(claim, JobsRoom.Result, CancellationToken) : queue.FailAsync(claim));

        foreach (var file in (string[])["done/done.json", "failed/failed.reason.json"])
            Assert.Equal(Mode(expected), File.GetUnixFileMode(Path.Combine(_folder, file)));

        static UnixFileMode Mode(string octal) => (UnixFileMode)Convert.ToInt32(octal, 8);
    }

    /// <summary>The job would be done twice.</summary>
    [Fact]
    public async Task Return_OfAJobWhoseResultCounts_IsRefused_AndTheResultIsPublishedLater()
    {
        ClaimedJob job;
        using (var queue = await JobsRoom.OpenFolderAsync(_folder))
        {
            JobsRoom.Put(_folder, "a.json");
            job = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
            Directory.Move(Path.Combine(_folder, "done"), Path.Combine(_folder, "away"));

            await Assert.ThrowsAnyAsync<IOException>(() => queue.CompleteAsync(job, JobsRoom.Result, CancellationToken));
            await Assert.ThrowsAnyAsync<IOException>(() => queue.ReturnAsync(job, TimeSpan.Zero, isCounted: false, CancellationToken));

            Assert.Equal(new JobCounts(0, 0, 1, 0, 0), await queue.CountAsync(CancellationToken));
        }

        using var next = await JobsRoom.OpenFolderAsync(_folder);

        Assert.Equal(new JobCounts(0, 0, 0, 1, 0), await next.CountAsync(CancellationToken));
    }

    [Fact]
    public async Task Claim_OfANameWithAReplacementCharacter_IsAJobLikeOthers()
    {
        var logger = new FakeLogger<FolderQueue>();
        using var queue = await JobsRoom.OpenFolderAsync(_folder, logger: logger);
        JobsRoom.Put(_folder, "caf\uFFFD.json");

        Assert.Equal("caf\uFFFD", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
        Assert.Empty(logger.Collector.GetSnapshot());
    }

    [Fact]
    public async Task Failed_InAFolderThatIsNotThere_IsAnErrorAndNotNone()
    {
        using var queue = JobsRoom.Folder(Path.Combine(_folder, "elsewhere"));

        Func<Task>[] asks =
        [
            () => queue.ListFailedAsync(1, CancellationToken), () => queue.RetryAsync("a", CancellationToken), () => queue.RetryAllAsync(CancellationToken),
        ];
        foreach (var ask in asks)
            Assert.Contains("elsewhere", (await Assert.ThrowsAsync<DirectoryNotFoundException>(ask)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void AddFailed(string name, DateTime when)
    {
        var reason = Path.Combine(_folder, "failed", name + ".reason.json");
        File.WriteAllText(Path.Combine(_folder, "failed", name + ".json"), "{}");
        File.WriteAllText(reason, "{}");
        File.SetLastWriteTimeUtc(reason, when);
    }
}
