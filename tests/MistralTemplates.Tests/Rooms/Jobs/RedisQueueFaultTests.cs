using System.Text;
using Acme.App.Jobs;
using Acme.App.Scale;
using MistralTemplates.Tests.Rooms.Access;
using StackExchange.Redis;

namespace MistralTemplates.Tests.Rooms.Jobs;

/// <summary>What Redis refuses in the midst of a step, and what others put into it.</summary>
public sealed class RedisQueueFaultTests : IAsyncLifetime
{
    private const string Inbox = "mistral:{jobs}:inbox";
    private const string Failed = "mistral:{jobs}:failed";
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromMilliseconds(20);

    private RedisServer _server = null!;
    private RedisConnection _connection = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync(CancellationToken);
        _connection = _server.Connect();
    }

    /// <summary>What a step writes to cannot be written to: Redis takes nothing back of a script that fails.</summary>
    [Theory]
    [InlineData("complete", "mistral:{jobs}:counts")]
    [InlineData("fail", Failed)]
    [InlineData("return", "mistral:{jobs}:delayed")]
    public async Task Step_ThatRedisRefuses_LeavesTheJobPendingUntilItSucceeds(string step, string key)
    {
        var (queue, database) = (await OpenAsync(), await _connection.DatabaseAsync(CancellationToken));
        await PutAsync("a", "{}");
        var job = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        await database.StringSetAsync(key, "no such thing");

        await Assert.ThrowsAsync<RedisServerException>(EndAsync);
        Assert.Equal((1L, 1L), (await database.StreamLengthAsync(Inbox), (await database.StreamPendingAsync(Inbox, "workers")).PendingMessageCount));
        await database.KeyDeleteAsync(key);
        await EndAsync();
        await EndAsync();

        var expected = step switch
        {
            "complete" => new JobCounts(0, 0, 0, 1, 0),
            "fail" => new JobCounts(0, 0, 0, 0, 1),
            _ => new JobCounts(0, 1, 0, 0, 0),
        };
        Assert.Equal(expected, await queue.CountAsync(CancellationToken));

        Task EndAsync() => step switch
        {
            "complete" => queue.CompleteAsync(job, JobsRoom.Result, CancellationToken),
            "fail" => queue.FailAsync(job),
            _ => queue.ReturnAsync(job, TimeSpan.FromMinutes(1), isCounted: true, CancellationToken),
        };
    }

    /// <summary>Read as text, they would be one: the second answer would be paid for and thrown away.</summary>
    [Fact]
    public async Task Jobs_WhoseNamesAreNotUtf8_AreNotAnswered()
    {
        var (queue, database) = (await OpenAsync(), await _connection.DatabaseAsync(CancellationToken));
        foreach (var last in (byte[])[0xe8, 0xe9])
            await database.StreamAddAsync(Inbox, [new("id", new byte[] { (byte)'c', last }), new("job", "{}")]);

        var claims = await queue.ClaimAsync(2, CancellationToken);

        Assert.Equal(2, claims.Count);
        Assert.All(claims, job => Assert.Null(job.Body));
    }

    /// <summary>A full Redis is emptied by the jobs that end.</summary>
    [Fact]
    public async Task Step_WithoutMemory_EndsAllTheSame()
    {
        var (gone, queue) = (await OpenAsync(), await OpenAsync());
        foreach (var id in (string[])["a", "b", "c", "d"])
            await PutAsync(id, "{}");
        Assert.Single(await gone.ClaimAsync(1, CancellationToken));
        await Task.Delay(s_heartbeat * 10, CancellationToken);
        var claimed = await queue.ClaimAsync(3, CancellationToken);
        await _server.CommandAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal(1, await queue.TakeUpAsync(CancellationToken));
        await queue.CompleteAsync(claimed[0], JobsRoom.Result, CancellationToken);
        await queue.FailAsync(claimed[1]);
        await queue.ReturnAsync(claimed[2], TimeSpan.FromMinutes(1), isCounted: true, CancellationToken);

        Assert.Equal(new JobCounts(1, 1, 0, 1, 1), await queue.CountAsync(CancellationToken));
    }

    [Fact]
    public async Task Step_AfterRedisWasEmptied_Ends()
    {
        var queue = await OpenAsync();
        await PutAsync("a", "{}");
        var job = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        await _server.CommandAsync("FLUSHALL");

        await queue.CompleteAsync(job, JobsRoom.Result, CancellationToken);

        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
    }

    /// <summary>Redis answers nobody while it copies them.</summary>
    [Fact]
    public async Task Claim_OfHugeJobs_GivesOneAtATime_AndEachStepTheRest()
    {
        var (gone, queue) = (await OpenAsync(), await OpenAsync());
        var huge = new string('x', 20 * 1024 * 1024);
        foreach (var id in (string[])["a", "b", "c"])
            await PutAsync(id, huge);
        Assert.Equal("a", Assert.Single(await gone.ClaimAsync(3, CancellationToken)).Id);
        Assert.Equal("b", Assert.Single(await gone.ClaimAsync(3, CancellationToken)).Id);
        await Task.Delay(s_heartbeat * 10, CancellationToken);

        foreach (var taken in (int[])[1, 1, 0])
            Assert.Equal(taken, await queue.TakeUpAsync(CancellationToken));
        for (var job = 0; job < 3; job++)
            await queue.FailAsync(Assert.Single(await queue.ClaimAsync(3, CancellationToken)));

        Assert.Equal(["b", "a", "c"], (await queue.ListFailedAsync(5, CancellationToken)).Select(failure => failure.Id));
        Assert.Equal(["b", "a"], (await queue.ListFailedAsync(2, CancellationToken)).Select(failure => failure.Id));
        Assert.True(await queue.RetryAsync("c", CancellationToken));
        Assert.Equal(2, await queue.RetryAllAsync(CancellationToken));
        Assert.Equal(new JobCounts(3, 0, 0, 0, 0), await queue.CountAsync(CancellationToken));
    }

    /// <summary>A full Redis keeps back what was delayed, which is said, and what waits already is claimed all the same.</summary>
    [Fact]
    public async Task Claim_WhileDelayedJobsFindNoRoom_SaysSoAndGivesWhatWaits()
    {
        var queue = await OpenAsync();
        await PutAsync("a", "{}");
        await queue.ReturnAsync(Assert.Single(await queue.ClaimAsync(1, CancellationToken)), TimeSpan.FromMilliseconds(1), isCounted: true, CancellationToken);
        await PutAsync("b", "{}");
        await _server.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        await Task.Delay(20, CancellationToken);

        Assert.Equal("b", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
        foreach (var _ in (int[])[1, 2, 3])
            Assert.StartsWith("OOM", (await Assert.ThrowsAsync<RedisServerException>(() => queue.ClaimAsync(1, CancellationToken))).Message, StringComparison.Ordinal);

        await _server.CommandAsync("CONFIG", "SET", "maxmemory", "0");
        await PutAsync("c", "{}");
        await _server.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        Assert.Equal("c", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
    }

    /// <summary>The answers to two claims did not arrive, and somebody has removed one job by hand.</summary>
    [Fact]
    public async Task Claim_AfterAnswersThatDidNotArrive_GivesWhatTheyTook()
    {
        var (queue, database) = (await OpenAsync(), await _connection.DatabaseAsync(CancellationToken));
        foreach (var id in (string[])["a", "b", "c", "d"])
            await PutAsync(id, "{}");
        Assert.Equal("a", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
        var worker = (await database.StreamConsumerInfoAsync(Inbox, "workers")).Single().Name;
        var removed = await database.StreamReadGroupAsync(Inbox, "workers", worker, ">", 2);
        await database.StreamDeleteAsync(Inbox, [removed[0].Id]);
        await _server.CommandAsync("CLIENT", "PAUSE", "30000", "WRITE");
        var lost = queue.ClaimAsync(0, CancellationToken);
        for (var waited = 0; waited < 100 && !(await _server.CommandAsync("CLIENT", "LIST")).Contains("flags=b", StringComparison.Ordinal); waited++)
            await Task.Delay(20, CancellationToken);
        await _server.CommandAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await _server.CommandAsync("CLIENT", "UNPAUSE");
        await Assert.ThrowsAnyAsync<RedisException>(() => lost);

        var found = new List<string>();
        for (var poll = 0; poll < 200 && found.Count < 2; poll++)
        {
            await Task.Delay(s_heartbeat, CancellationToken);
            try
            {
                found.AddRange((await queue.ClaimAsync(1, CancellationToken)).Select(job => job.Id));
            }
            catch (Exception exception) when (exception is RedisConnectionException or RedisTimeoutException)
            {
                // It is not back yet.
            }
        }

        Assert.Equal(["c", "d"], found);
    }

    [Fact]
    public async Task RetryAll_OfMoreThanOnePart_PutsEachBackOnceAndTheOldestFirst()
    {
        var (queue, database) = (await OpenAsync(), await _connection.DatabaseAsync(CancellationToken));
        for (var job = 0; job < 250; job++)
            await database.StreamAddAsync(Failed, [new("id", $"job-{job}"), new("failure", "{}"), new("job", "{}")]);
        using var stop = new CancellationTokenSource();
        var failing = queue.FailAllAsync(stop.Token);

        Assert.Equal(250, await queue.RetryAllAsync(CancellationToken));

        while ((await queue.CountAsync(CancellationToken)).Failed < 250)
            await Task.Delay(s_heartbeat, CancellationToken);
        await stop.CancelAsync();
        Assert.Equal(Enumerable.Range(0, 250).Select(job => $"job-{job}"), await failing);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private Task<RedisQueue> OpenAsync() => JobsRoom.OpenRedisAsync(_connection, new JobOptions { Heartbeat = s_heartbeat });

    private async Task PutAsync(string id, string job) =>
        await (await _connection.DatabaseAsync(CancellationToken)).StreamAddAsync(Inbox, [new("id", id), new("job", Encoding.UTF8.GetBytes(job))]);
}
