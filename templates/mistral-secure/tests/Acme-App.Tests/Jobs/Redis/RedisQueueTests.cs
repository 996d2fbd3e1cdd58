using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Acme.App.Guards;
using Acme.App.Jobs;
using Acme.App.Scale;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Acme.App.Tests.Jobs;

/// <summary>The queue in a Redis server of the tests' own; without one installed they are skipped.</summary>
public sealed class RedisQueueTests : IAsyncLifetime
{
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromMilliseconds(100);

    private readonly List<RedisConnection> _connections = [];
    private Process? _server;
    private int _port;
    private ConnectionMultiplexer _outside = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private IDatabase Database => _outside.GetDatabase();

    public async ValueTask InitializeAsync()
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            _port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        try
        {
            string[] arguments = ["--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", ""];
            _server = Process.Start(new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("redis-server is not installed.");
        }

        while (await _server!.StandardOutput.ReadLineAsync(CancellationToken) is { } line && !line.Contains("Ready to accept", StringComparison.Ordinal))
            Assert.False(_server.HasExited);
        _outside = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_port},allowAdmin=true");
    }

    [Fact]
    public async Task Claim_OfSeveralWorkers_GivesEachJobToOne()
    {
        var (one, two) = (await OpenAsync(), await OpenAsync());
        for (var job = 0; job < 50; job++)
            await PutAsync($"job-{job}");

        var claimed = new List<ClaimedJob>();
        while (await one.ClaimAsync(3, CancellationToken) is { Count: > 0 } first)
            claimed.AddRange([.. first, .. await two.ClaimAsync(3, CancellationToken)]);

        Assert.Equal(50, claimed.Select(job => job.Id).Distinct().Count());
        Assert.Equal(50, claimed.Count);
        Assert.All(claimed, job => Assert.Equal("{}", Encoding.UTF8.GetString(job.Body!.Value.Span)));
    }

    [Fact]
    public async Task Claim_AfterRedisLostItsMemory_GoesOn()
    {
        var queue = await OpenAsync();
        await Database.KeyDeleteAsync("test:{jobs}:inbox");

        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
        await PutAsync("a");

        Assert.Equal("a", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
    }

    [Fact]
    public async Task TakeUp_AfterRedisLostItsMemory_GoesOn()
    {
        var queue = await OpenAsync();
        await PutAsync("a");
        await queue.ClaimAsync(1, CancellationToken);
        await Database.KeyDeleteAsync("test:{jobs}:inbox");

        Assert.Equal(0, await queue.TakeUpAsync(CancellationToken));
        await PutAsync("b");

        Assert.Equal("b", Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Id);
    }

    [Fact]
    public async Task Claim_WhileADueJobFindsNoMemory_GivesTheOthers()
    {
        var queue = await OpenAsync();
        await PutAsync("a");
        await queue.ReturnAsync(Assert.Single(await queue.ClaimAsync(1, CancellationToken)), TimeSpan.FromMilliseconds(1), isCounted: true, CancellationToken);
        await PutAsync("b");
        await Task.Delay(s_heartbeat, CancellationToken);
        await Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal("b", Assert.Single(await queue.ClaimAsync(2, CancellationToken)).Id);
        await Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");

        Assert.Equal("a", Assert.Single(await queue.ClaimAsync(2, CancellationToken)).Id);
    }

    [Fact]
    public async Task Claim_WhoseAnswerCameTooLate_IsGivenAtTheSameAttempt()
    {
        var queue = await OpenAsync();
        await PutAsync("a");
        await Database.ExecuteAsync("CLIENT", "PAUSE", "3000", "WRITE");
        await Assert.ThrowsAnyAsync<Exception>(() => queue.ClaimAsync(1, CancellationToken));

        IReadOnlyList<ClaimedJob> claimed = [];
        for (var poll = 0; poll < 100 && claimed.Count == 0; poll++)
        {
            await Task.Delay(s_heartbeat, CancellationToken);
            claimed = await IgnoringTimeoutsAsync(() => queue.ClaimAsync(1, CancellationToken));
        }

        Assert.Equal(1, Assert.Single(claimed).Attempt);
        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
    }

    [Fact]
    public async Task Claim_OfAHugeJob_IsCutJustAboveTheLimit()
    {
        var queue = await OpenAsync();
        await Database.StreamAddAsync("test:{jobs}:inbox", [new("id", "a"), new("job", new string('x', 3 * 1024 * 1024))]);

        Assert.Equal(new JobOptions().MaxJobBytes + 1, Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Body!.Value.Length);
    }

    [Fact]
    public async Task TakeUp_OfAWorkerThatShowsItself_LeavesItsClaims()
    {
        var (one, two) = (await OpenAsync(), await OpenAsync());
        await PutAsync("a");
        await one.ClaimAsync(1, CancellationToken);

        for (var beat = 0; beat < 10; beat++)
        {
            await one.TakeUpAsync(CancellationToken);
            Assert.Equal(0, await two.TakeUpAsync(CancellationToken));
            await Task.Delay(s_heartbeat, CancellationToken);
        }
    }

    [Fact]
    public async Task TakeUp_OfAWorkerThatIsGone_CountsItsAttempt_AndOnlyTheFirstResultCounts()
    {
        var (gone, next) = (await OpenAsync(), await OpenAsync());
        await PutAsync("a");
        var first = Assert.Single(await gone.ClaimAsync(1, CancellationToken));
        await Task.Delay(s_heartbeat * 8, CancellationToken);

        Assert.Equal(1, await next.TakeUpAsync(CancellationToken));
        var again = Assert.Single(await next.ClaimAsync(1, CancellationToken));
        await gone.CompleteAsync(first, Result("the dead one's"), CancellationToken);
        await next.CompleteAsync(again, Result("the living one's"), CancellationToken);
        await next.CompleteAsync(again, Result("once more"), CancellationToken);

        Assert.Equal(2, again.Attempt);
        Assert.Contains("the living one", (await Database.StringGetAsync("test:{jobs}:done:a")).ToString(), StringComparison.Ordinal);
        Assert.Equal(new JobCounts(0, 0, 0, 1, 0), await next.CountAsync(CancellationToken));
    }

    [Fact]
    public async Task Complete_OfANameThatIsDone_EndsAmongTheFailed()
    {
        var queue = await OpenAsync();
        await PutAsync("a");
        await PutAsync("a");
        var claims = await queue.ClaimAsync(2, CancellationToken);

        foreach (var claim in claims)
            await queue.CompleteAsync(claim, Result("answer"), CancellationToken);

        Assert.Equal(new JobCounts(0, 0, 0, 1, 1), await queue.CountAsync(CancellationToken));
        var failure = Assert.Single(await queue.ListFailedAsync(5, CancellationToken));
        Assert.Equal(("a", "job.duplicate"), (failure.Id, failure.Code));
    }

    [Fact]
    public async Task Return_WithADelay_IsClaimedOnceItIsDue()
    {
        var queue = await OpenAsync();
        await PutAsync("a");
        var first = Assert.Single(await queue.ClaimAsync(1, CancellationToken));

        await queue.ReturnAsync(first, TimeSpan.FromMilliseconds(200), isCounted: true, CancellationToken);

        Assert.Equal(new JobCounts(0, 1, 0, 0, 0), await queue.CountAsync(CancellationToken));
        Assert.Empty(await queue.ClaimAsync(1, CancellationToken));
        await Task.Delay(300, CancellationToken);
        Assert.Equal(2, Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Attempt);
    }

    [Fact]
    public async Task Retry_OfAFailedJob_PutsItBackAsNew()
    {
        var queue = await OpenAsync();
        await PutAsync("a");
        var claim = Assert.Single(await queue.ClaimAsync(1, CancellationToken));
        await queue.FailAsync(claim, new JobFailure("a", "job.invalid", "It is wrong."), CancellationToken);

        Assert.False(await queue.RetryAsync("b", CancellationToken));
        Assert.True(await queue.RetryAsync("a", CancellationToken));

        Assert.Equal(1, Assert.Single(await queue.ClaimAsync(1, CancellationToken)).Attempt);
        Assert.Empty(await queue.ListFailedAsync(5, CancellationToken));
    }

    [Fact]
    public async Task Retry_AmongManyFailedJobs_FindsItAndEnds()
    {
        var queue = await OpenAsync();
        for (var job = 0; job < 350; job++)
            await Database.StreamAddAsync("test:{jobs}:failed", [new("id", $"job-{job}"), new("failure", "{}"), new("job", "{}")]);

        Assert.False(await queue.RetryAsync("none", CancellationToken));
        Assert.True(await queue.RetryAsync("job-3", CancellationToken));

        Assert.Equal("job-3", Assert.Single(await queue.ClaimAsync(2, CancellationToken)).Id);
        Assert.Equal(349, await Database.StreamLengthAsync("test:{jobs}:failed"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        if (_outside is not null)
            await _outside.DisposeAsync();
        _server?.Kill();
        _server?.Dispose();
    }

    private static JobResult Result(string content) => new("a", "ada", null, content, null, new ChatUsage(0, 0, 0), 1);

    private Task PutAsync(string id) => Database.StreamAddAsync("test:{jobs}:inbox", [new("id", id), new("job", "{}")]);

    private static async Task<IReadOnlyList<ClaimedJob>> IgnoringTimeoutsAsync(Func<Task<IReadOnlyList<ClaimedJob>>> claim)
    {
        try
        {
            return await claim();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return [];
        }
    }

    private async Task<RedisQueue> OpenAsync()
    {
        var connection = new RedisConnection(Options.Create(new RedisOptions { Endpoint = $"127.0.0.1:{_port}", KeyPrefix = "test:" }));
        _connections.Add(connection);
        var jobs = Options.Create(new JobOptions { Heartbeat = s_heartbeat });
        var queue = new RedisQueue(connection, jobs, Options.Create(new RedisQueueOptions()));
        await queue.OpenAsync(CancellationToken);
        return queue;
    }
}
