using Acme.App.Access;
using Acme.App.Scale;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>Both ways to keep count hold the same promises; three replicas that share Redis as well as one process.</summary>
public sealed class LimitStoreTests : IAsyncDisposable
{
    private const long Most = 10_000;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly List<IAsyncDisposable> _used = [];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private DateTimeOffset Tomorrow => LimitWindows.NextDay(_time.GetUtcNow().AddHours(1));

    public async ValueTask DisposeAsync()
    {
        foreach (var used in Enumerable.Reverse(_used))
            await used.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Take_ByAThousandAtOnceThroughThreeReplicas_OverspendsNothing(bool isShared)
    {
        var replicas = await ReplicasAsync(isShared);
        const long amount = 30;

        var decisions = await Task.WhenAll(Enumerable.Range(0, 1000).Select(index => Task.Run(async () =>
            await replicas[index % 3].TakeAsync("ada", [new LimitClaim("tokens-day", Most, amount, Tomorrow)], CancellationToken))));

        Assert.Equal(Most / amount, decisions.Count(decision => decision.Refused < 0));
        Assert.Equal(Most % amount, decisions.Where(decision => decision.Refused < 0).Min(decision => decision.Remaining));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Take_WhenOneOfSeveralLimitsIsReached_TakesFromNone(bool isShared)
    {
        var store = (await ReplicasAsync(isShared))[0];

        var refused = await store.TakeAsync("ada", [new("wide", 100, 10, Tomorrow), new("narrow", 5, 10, Tomorrow)], CancellationToken);
        var taken = await store.TakeAsync("ada", [new("wide", 100, 100, Tomorrow)], CancellationToken);

        Assert.Equal(new LimitDecision(1, 5), refused);
        Assert.Equal(new LimitDecision(-1, 0), taken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Correct_GivesBackWhatWasNotUsed_AndOnlyToItsOwnWindow(bool isShared)
    {
        var store = (await ReplicasAsync(isShared))[0];
        LimitClaim[] claims = [new("tokens", 100, 100, Tomorrow)];

        await store.TakeAsync("ada", claims, CancellationToken);
        var full = await store.TakeAsync("ada", claims, CancellationToken);
        await store.CorrectAsync("ada", claims, -60);
        await store.CorrectAsync("ada", [claims[0] with { Resets = Tomorrow.AddDays(1) }], -40);
        var again = await store.TakeAsync("ada", [claims[0] with { Amount = 60 }], CancellationToken);

        Assert.Equal(0, full.Refused);
        Assert.Equal(new LimitDecision(-1, 0), again);
    }

    /// <summary>So the doctor finds out whether the count answers.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Correct_OfNoClaim_ChangesNothing(bool isShared)
    {
        var store = (await ReplicasAsync(isShared))[0];

        await store.CorrectAsync("ada", [], 0);

        Assert.Equal(new LimitDecision(-1, 0), await store.TakeAsync("ada", [new("tokens", 100, 100, Tomorrow)], CancellationToken));
    }

    /// <summary>A service has more callers than memory, in time.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Take_OnceACallersWindowsHaveEnded_ForgetsTheCallerUnlessARequestIsUnderWay(bool isUnderWay)
    {
        var store = new MemoryLimitStore(_time);
        var caller = await TakeAsNewCallerAsync();

        _time.Advance(TimeSpan.FromDays(3));
        await store.TakeAsync("another", [new("tokens", 100, 100, Tomorrow)], CancellationToken);
        GC.Collect();

        Assert.Equal(isUnderWay, caller.IsAlive);
        GC.KeepAlive(store);

        async Task<WeakReference> TakeAsNewCallerAsync()
        {
            var name = string.Concat("a", "da");
            await store.TakeAsync(name, [new("tokens", 100, 100, Tomorrow)], CancellationToken);
            if (isUnderWay)
                await store.EnterAsync(name, 1, "request", CancellationToken);
            return new WeakReference(name);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Enter_AllowsAsManyAsMayBeUnderWay(bool isShared)
    {
        var replicas = await ReplicasAsync(isShared);

        var entered = await Task.WhenAll(Enumerable.Range(0, 60).Select(index => Task.Run(async () => await replicas[index % 3].EnterAsync("ada", 7, $"request-{index}", CancellationToken))));
        var first = Array.IndexOf(entered, true);
        await replicas[0].LeaveAsync("ada", $"request-{first}");

        Assert.Equal(7, entered.Count(isIn => isIn));
        Assert.True(await replicas[1].EnterAsync("ada", 7, "next", CancellationToken));
        Assert.False(await replicas[2].EnterAsync("ada", 7, "one more", CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Take_ThatBeganBeforeTheWindowEnded_LosesNothingOfTheNext(bool isShared)
    {
        var store = (await ReplicasAsync(isShared))[0];
        LimitClaim[] before = [new("tokens", 100, 40, Tomorrow)], after = [new("tokens", 100, 60, Tomorrow.AddDays(1))];

        var first = await store.TakeAsync("ada", before, CancellationToken);
        _time.Advance(Tomorrow - _time.GetUtcNow() + TimeSpan.FromSeconds(1));
        var next = await store.TakeAsync("ada", after, CancellationToken);
        var late = await store.TakeAsync("ada", before, CancellationToken);
        var more = await store.TakeAsync("ada", after, CancellationToken);

        Assert.Equal([-1, -1, -1, 0], [first.Refused, next.Refused, late.Refused, more.Refused]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Take_AfterTheClockWasSetBack_CountsTheTimeThatItIs(bool isShared)
    {
        var store = (await ReplicasAsync(isShared))[0];
        LimitClaim[] wrong = [new("tokens", 100, 100, Tomorrow.AddDays(30))], right = [new("tokens", 100, 100, Tomorrow)];

        var ahead = await store.TakeAsync("ada", wrong, CancellationToken);
        var corrected = await store.TakeAsync("ada", right, CancellationToken);
        var again = await store.TakeAsync("ada", right, CancellationToken);

        Assert.Equal([-1, -1, 0], [ahead.Refused, corrected.Refused, again.Refused]);
    }

    [Fact]
    public async Task Leave_WhileRedisIsAway_IsMadeUpForOnceItIsBack()
    {
        await using var server = await RedisServer.StartAsync(CancellationToken);
        await using var connection = server.Connect();
        var store = StoreOf(connection);
        Assert.True(await store.EnterAsync("ada", 2, "first", CancellationToken));
        Assert.True(await store.EnterAsync("ada", 2, "second", CancellationToken));

        await server.CommandAsync("REPLICAOF", "127.0.0.1", "1");
        await Assert.ThrowsAsync<LimitStoreException>(async () => await store.LeaveAsync("ada", "first"));
        await Assert.ThrowsAsync<LimitStoreException>(async () => await store.EnterAsync("ada", 2, "third", CancellationToken));
        await Assert.ThrowsAsync<LimitStoreException>(async () => await store.LeaveAsync("ada", "second"));
        await server.CommandAsync("REPLICAOF", "NO", "ONE");
        await WaitUntilReadyAsync(connection);

        Assert.True(await store.EnterAsync("ada", 2, "fourth", CancellationToken));
        Assert.True(await store.EnterAsync("ada", 2, "fifth", CancellationToken));
        Assert.False(await store.EnterAsync("ada", 2, "sixth", CancellationToken));
    }

    /// <summary>While the limits stay open, a caller may send any number of requests before the ones that hold its places end.</summary>
    [Fact]
    public async Task Leave_AfterManyThatRedisRefused_IsMadeUpForAllTheSame()
    {
        await using var server = await RedisServer.StartAsync(CancellationToken);
        await using var connection = server.Connect();
        var store = StoreOf(connection);
        Assert.True(await store.EnterAsync("ada", 1, "first", CancellationToken));

        await server.CommandAsync("REPLICAOF", "127.0.0.1", "1");
        for (var request = 0; request < 1100; request++)
            await Assert.ThrowsAsync<LimitStoreException>(async () => await store.EnterAsync("ada", 1, $"refused {request}", CancellationToken));
        await Assert.ThrowsAsync<LimitStoreException>(async () => await store.LeaveAsync("ada", "first"));
        await server.CommandAsync("REPLICAOF", "NO", "ONE");
        await WaitUntilReadyAsync(connection);

        Assert.True(await store.EnterAsync("ada", 1, "second", CancellationToken));
    }

    [Fact]
    public async Task Enter_ThatRedisAnsweredTooLate_HoldsNoPlace()
    {
        await using var server = await RedisServer.StartAsync(CancellationToken);
        await using var connection = server.Connect(TimeSpan.FromSeconds(1));
        var store = StoreOf(connection);
        Assert.True(await store.EnterAsync("ada", 2, "first", CancellationToken));

        await server.CommandAsync("CLIENT", "PAUSE", "3000", "WRITE");
        await Assert.ThrowsAsync<LimitStoreException>(async () => await store.EnterAsync("ada", 2, "second", CancellationToken));
        await WaitUntilReadyAsync(connection);

        Assert.True(await store.EnterAsync("ada", 2, "third", CancellationToken));
        Assert.False(await store.EnterAsync("ada", 2, "fourth", CancellationToken));
    }

    [Fact]
    public async Task Take_AfterRedisForgotTheScripts_IsCounted()
    {
        await using var server = await RedisServer.StartAsync(CancellationToken);
        await using var connection = server.Connect();
        var store = StoreOf(connection);
        LimitClaim[] claims = [new("tokens", 100, 40, Tomorrow)];

        await store.TakeAsync("ada", claims, CancellationToken);
        await server.CommandAsync("SCRIPT", "FLUSH");
        var decision = await store.TakeAsync("ada", claims, CancellationToken);

        Assert.Equal(new LimitDecision(-1, 20), decision);
    }

    [Fact]
    public async Task Take_WhileRedisIsAway_SaysSoAndDoesNotWait()
    {
        await using var connection = RedisServer.ConnectToNobody();
        var store = StoreOf(connection);

        await Assert.ThrowsAsync<LimitStoreException>(async () => await store.TakeAsync("ada", [new("tokens", 100, 1, Tomorrow)], CancellationToken));
        Assert.StartsWith("Redis does not answer: ", await connection.CheckAsync(CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("READONLY", "REPLICAOF", "127.0.0.1", "1")]
    [InlineData("OOM", "CONFIG", "SET", "maxmemory", "1")]
    public async Task Take_RedisTakesNoWrite_SaysWhyAndIsNotReady(string code, string command, params string[] arguments)
    {
        await using var server = await RedisServer.StartAsync(CancellationToken);
        await using var connection = server.Connect();
        await server.CommandAsync(command, arguments);
        var store = StoreOf(connection);

        var problem = await connection.CheckAsync(CancellationToken);
        var exception = await Assert.ThrowsAsync<LimitStoreException>(async () => await store.TakeAsync("ada", [new("tokens", 100, 1, Tomorrow)], CancellationToken));

        // A client that has noticed that its server follows another asks it for no write any more.
        string[] expected = [$"Redis refuses: {code}.", "Redis does not answer: UnableToResolvePhysicalConnection."];
        Assert.Contains(problem, expected[..(code == "READONLY" ? 2 : 1)]);
        Assert.Contains(exception.Message, expected[..(code == "READONLY" ? 2 : 1)]);
    }

    private static async Task WaitUntilReadyAsync(RedisConnection connection)
    {
        while (await connection.CheckAsync(CancellationToken) is not null)
            await Task.Delay(50, CancellationToken);
    }

    private RedisLimitStore StoreOf(RedisConnection connection) => new(connection, Options.Create(new AccessOptions()), _time);

    /// <summary>Three stores: one in memory thrice, or three connections to one Redis.</summary>
    private async Task<ILimitStore[]> ReplicasAsync(bool isShared)
    {
        if (!isShared)
        {
            var memory = new MemoryLimitStore(_time);
            return [memory, memory, memory];
        }

        var server = await RedisServer.StartAsync(CancellationToken);
        _used.Add(server);
        return [.. Enumerable.Range(0, 3).Select(_ =>
        {
            var connection = server.Connect();
            _used.Add(connection);
            return StoreOf(connection);
        })];
    }
}
