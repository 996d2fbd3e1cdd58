using Acme.App.Access;
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

        Assert.Equal(1, refused.Refused);
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
        await store.CorrectAsync("ada", claims, -60, CancellationToken);
        await store.CorrectAsync("ada", [claims[0] with { Resets = Tomorrow.AddDays(1) }], -40, CancellationToken);
        var again = await store.TakeAsync("ada", [claims[0] with { Amount = 60 }], CancellationToken);

        Assert.Equal(0, full.Refused);
        Assert.Equal(new LimitDecision(-1, 0), again);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Enter_AllowsAsManyAsMayBeUnderWay(bool isShared)
    {
        var replicas = await ReplicasAsync(isShared);

        var entered = await Task.WhenAll(Enumerable.Range(0, 60).Select(index => Task.Run(async () => await replicas[index % 3].EnterAsync("ada", 7, $"request-{index}", CancellationToken))));
        var first = Array.IndexOf(entered, true);
        await replicas[0].LeaveAsync("ada", $"request-{first}", CancellationToken);

        Assert.Equal(7, entered.Count(isIn => isIn));
        Assert.True(await replicas[1].EnterAsync("ada", 7, "next", CancellationToken));
        Assert.False(await replicas[2].EnterAsync("ada", 7, "one more", CancellationToken));
    }

    [Fact]
    public async Task Take_WhileRedisIsAway_SaysSoAndDoesNotWait()
    {
        await using var connection = RedisServer.ConnectToNobody();
        var store = new RedisLimitStore(connection, Options.Create(new AccessOptions()), _time);

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
        var store = new RedisLimitStore(connection, Options.Create(new AccessOptions()), _time);

        var problem = await connection.CheckAsync(CancellationToken);
        var exception = await Assert.ThrowsAsync<LimitStoreException>(async () => await store.TakeAsync("ada", [new("tokens", 100, 1, Tomorrow)], CancellationToken));

        // A client that has noticed that its server follows another asks it for no write any more.
        string[] expected = [$"Redis refuses: {code}.", "Redis does not answer: UnableToResolvePhysicalConnection."];
        Assert.Contains(problem, expected[..(code == "READONLY" ? 2 : 1)]);
        Assert.Contains(exception.Message, expected[..(code == "READONLY" ? 2 : 1)]);
    }

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
            return new RedisLimitStore(connection, Options.Create(new AccessOptions()), _time);
        })];
    }
}
