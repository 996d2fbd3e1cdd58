using System.Text;
using Acme.App.Guards;
using Acme.App.Jobs;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Acme.App.Tests.Jobs;

public sealed class FolderQueueTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("folder-queue-").FullName;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claim_OfSeveralWorkers_GivesEachJobToOne()
    {
        using var one = await OpenAsync();
        using var two = await OpenAsync();
        for (var job = 0; job < 50; job++)
            Put($"{job}.json");

        var claimed = new List<ClaimedJob>();
        while (await one.ClaimAsync(3, CancellationToken) is { Count: > 0 } first)
            claimed.AddRange([.. first, .. await two.ClaimAsync(3, CancellationToken)]);

        Assert.Equal(50, claimed.Count);
        Assert.Equal(50, claimed.Select(job => job.Id).Distinct().Count());
        Assert.All(claimed, job => Assert.Equal("{}", Encoding.UTF8.GetString(job.Body!.Value.Span)));
    }

    [Fact]
    public async Task Claim_WhileTheWorkerStops_KeepsNoJobThatNobodyWorksOn()
    {
        using var queue = await OpenAsync();
        Put("a.json");

        var claimed = await queue.ClaimAsync(1, new CancellationToken(canceled: true));

        Assert.Equal(claimed.Count, (await queue.CountAsync(CancellationToken)).Working);
    }

    [Fact]
    public async Task TakeUp_WhileTheOtherLives_LeavesItsClaims()
    {
        using var one = await OpenAsync();
        using var two = await OpenAsync();
        Put("a.json");
        await one.ClaimAsync(1, CancellationToken);

        Assert.Equal(0, await two.TakeUpAsync(CancellationToken));
        Assert.Empty(await two.ClaimAsync(1, CancellationToken));
    }

    [Fact]
    public async Task TakeUp_OfAWorkerThatIsGone_CountsItsAttempt()
    {
        Put("a.json");
        using (var gone = await OpenAsync())
            await gone.ClaimAsync(1, CancellationToken);
        using var next = await OpenAsync();

        var again = Assert.Single(await next.ClaimAsync(1, CancellationToken));

        Assert.Equal(("a", 2), (again.Id, again.Attempt));
        Assert.Equal(1, (await next.CountAsync(CancellationToken)).Working);
    }

    [Theory]
    [InlineData(".done", "done/a.json")]
    [InlineData(".reason", "failed/a.reason.json")]
    [InlineData(".tmp", null)]
    public async Task TakeUp_OfAResultThatIsWhole_PublishesItAndNothingElse(string suffix, string? expected)
    {
        Put("a.json");
        using (var gone = await OpenAsync())
        {
            var claim = Assert.Single(await gone.ClaimAsync(1, CancellationToken));
            await File.WriteAllTextAsync(claim.Handle + suffix, "{\"id\":\"a\"}", CancellationToken);
        }

        using var next = await OpenAsync();
        var claimed = await next.ClaimAsync(1, CancellationToken);

        Assert.Equal(expected is null ? 1 : 0, claimed.Count);
        Assert.True(expected is null || File.Exists(Path.Combine(_folder, expected)));
        Assert.Equal(suffix == ".reason", File.Exists(Path.Combine(_folder, "failed", "a.json")));
    }

    [Fact]
    public async Task Return_Uncounted_IsTheSameAttemptAgain()
    {
        using var queue = await OpenAsync();
        Put("a~b.json");
        var first = Assert.Single(await queue.ClaimAsync(1, CancellationToken));

        await queue.ReturnAsync(first, TimeSpan.Zero, isCounted: false, CancellationToken);

        var again = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        Assert.Equal(("a~b", 1), (again.Id, again.Attempt));
    }

    [Fact]
    public async Task Return_WithADelay_IsNotClaimedBefore()
    {
        using var queue = await OpenAsync();
        Put("a.json");
        var first = Assert.Single(await queue.ClaimAsync(1, CancellationToken));

        await queue.ReturnAsync(first, TimeSpan.FromMinutes(1), isCounted: true, CancellationToken);

        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
        Assert.Equal(new JobCounts(0, 1, 0, 0, 0), await queue.CountAsync(CancellationToken));
    }

    [Fact]
    public async Task Claim_OfANameThatIsDone_SaysSo_AndTheFirstResultStands()
    {
        using var queue = await OpenAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "done", "a.json"), "first", CancellationToken);
        Put("a.json");

        var claim = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        await queue.CompleteAsync(claim, new JobResult("a", "ada", null, "", null, new ChatUsage(0, 0, 0), 1), CancellationToken);

        Assert.True(claim.IsDuplicate);
        Assert.Equal("first", await File.ReadAllTextAsync(Path.Combine(_folder, "done", "a.json"), CancellationToken));
        Assert.True(File.Exists(Path.Combine(_folder, "done", "a-2.json")));
    }

    [Fact]
    public async Task Claim_WithAFileThatCannotBeTaken_TakesTheOthers()
    {
        using var queue = await OpenAsync();
        Put("b.json", TimeSpan.FromSeconds(3));
        Put("a.json", TimeSpan.FromSeconds(2));
        var claims = Directory.GetDirectories(Path.Combine(_folder, "working")).Single();
        Directory.CreateDirectory(Path.Combine(claims, "1~b.json"));
        Put("c.json", TimeSpan.FromSeconds(1));

        var claimed = await queue.ClaimAsync(3, CancellationToken);

        Assert.Equal(["a", "c"], claimed.Select(job => job.Id));
        Assert.Contains("b.json", (await Assert.ThrowsAsync<IOException>(() => queue.ClaimAsync(3, CancellationToken))).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "inbox", "b.json")));
    }

    [Fact]
    public async Task Fail_OfANameThatFailedBefore_KeepsJobsAndReasonsTogether()
    {
        using var queue = await OpenAsync();
        foreach (var (name, reason) in (Dictionary<string, string>)new() { ["x"] = "first", ["x.reason"] = "of another" })
        {
            Put(name + ".json");
            await queue.FailAsync(Assert.Single(await queue.ClaimAsync(1, CancellationToken)), new JobFailure(name, "code", reason), CancellationToken);
        }

        File.Move(Path.Combine(_folder, "failed", "x.json"), Path.Combine(_folder, "inbox", "x.json"));
        Assert.Equal(1, (await queue.CountAsync(CancellationToken)).Failed);
        await queue.FailAsync(Assert.Single(await queue.ClaimAsync(1, CancellationToken)), new JobFailure("x", "code", "second"), CancellationToken);

        var failed = await queue.ListFailedAsync(10, CancellationToken);
        Assert.Equal(2, (await queue.CountAsync(CancellationToken)).Failed);
        Assert.Equal(["second", "of another"], failed.Select(failure => failure.Reason));
        foreach (var failure in failed)
            Assert.True(await queue.RetryAsync(failure.Id, CancellationToken));
        Assert.Empty(await queue.ListFailedAsync(10, CancellationToken));
    }

    [Theory]
    [InlineData("no reason")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task ListFailed_ReasonIsDamaged_StillNamesTheJob(string reason)
    {
        using var queue = await OpenAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "failed", "a.json"), "{}", CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "failed", "a.reason.json"), reason, CancellationToken);

        var failure = Assert.Single(await queue.ListFailedAsync(10, CancellationToken));

        Assert.Equal(("a", "job.unknown"), (failure.Id, failure.Code));
    }

    [Fact]
    public async Task Retry_OfAReason_LeavesItBesideItsJob()
    {
        using var queue = await OpenAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "failed", "a.json"), "{}", CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "failed", "a.reason.json"), "{}", CancellationToken);

        Assert.False(await queue.RetryAsync("a.reason", CancellationToken));
        Assert.Single(await queue.ListFailedAsync(10, CancellationToken));
    }

    [Fact]
    public async Task Open_WithAForeignFileInTheFolderOfAWorkerThatIsGone_ClaimsAsEver()
    {
        var gone = Directory.CreateDirectory(Path.Combine(_folder, "working", "gone")).FullName;
        await File.WriteAllTextAsync(gone + ".lock", "", CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(gone, ".DS_Store"), "", CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(gone, "1~a.json"), "{}", CancellationToken);

        using var queue = await OpenAsync();

        Assert.Equal(("a", 2), (Assert.Single(await queue.ClaimAsync(2, CancellationToken)) is var job ? job.Id : "", job.Attempt));
        Assert.Equal(0, await queue.TakeUpAsync(CancellationToken));
        Assert.True(File.Exists(Path.Combine(gone, ".DS_Store")));
    }

    [Fact]
    public async Task TakeUp_AFolderWasMovedAway_MakesItAgain()
    {
        using var queue = await OpenAsync();
        Put("a.json");
        var claim = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        Directory.Move(Path.Combine(_folder, "done"), Path.Combine(_folder, "archive"));
        Directory.Delete(Path.Combine(_folder, "waiting"));

        await queue.TakeUpAsync(CancellationToken);
        await queue.CompleteAsync(claim, new JobResult("a", "ada", null, "", null, new ChatUsage(0, 0, 0), 1), CancellationToken);

        Assert.True(File.Exists(Path.Combine(_folder, "done", "a.json")));
        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
    }

    [Fact]
    public async Task Claim_OfALongName_ShortensIt()
    {
        using var queue = await OpenAsync();
        Put(new string('n', 245) + ".json");

        Assert.Equal(64, Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id.Length);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<FolderQueue> OpenAsync()
    {
        var queue = new FolderQueue(
            Options.Create(new FolderQueueOptions { Path = _folder }),
            Options.Create(new JobOptions()),
            new HostingEnvironment { ContentRootPath = _folder },
            TimeProvider.System,
            NullLogger<FolderQueue>.Instance);
        await queue.OpenAsync(CancellationToken);
        return queue;
    }

    private void Put(string name) => Put(name, TimeSpan.FromSeconds(1));

    private void Put(string name, TimeSpan age)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "inbox")).FullName, name);
        File.WriteAllText(file, "{}");
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow - age);
    }
}
