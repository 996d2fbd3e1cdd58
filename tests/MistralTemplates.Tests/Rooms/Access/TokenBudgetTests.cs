using System.Net;
using System.Security.Claims;
using Acme.App.Access;
using Acme.App.Guards;
using Microsoft.AspNetCore.Http;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class TokenBudgetTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>A call reserves 98 tokens and costs about 20: only a budget that settles has room for a second one.</summary>
    [Fact]
    public async Task Chat_ThatCostLessThanItMight_LeavesTheRestToTheNext()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, Budget(120));
        var statuses = new List<HttpStatusCode>();
        for (var sent = 0; sent < 6; sent++)
        {
            using var response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);
            statuses.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], statuses.Take(2));
        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
    }

    [Fact]
    public async Task Reservation_ThatIsNotSettled_IsGivenBack()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, Budget(100));
        Serve(room, "ada");

        await (await room.Budget.ReserveAsync(100, CancellationToken)).DisposeAsync();
        await using var again = await room.Budget.ReserveAsync(100, CancellationToken);

        await Assert.ThrowsAsync<ChatRefusedException>(async () => await room.Budget.ReserveAsync(1, CancellationToken));
    }

    [Fact]
    public async Task Budget_OfAThousandCallsAtOnceOnThreeReplicas_IsNeverOverspent()
    {
        const long most = 5_000;
        await using var redis = await RedisServer.StartAsync(CancellationToken);
        await using var connection1 = redis.Connect();
        await using var connection2 = redis.Connect();
        await using var connection3 = redis.Connect();
        await using var room1 = await AccessRoom.StartAsync(connection1, CancellationToken, Budget(most));
        await using var room2 = await AccessRoom.StartAsync(connection2, CancellationToken, Budget(most));
        await using var room3 = await AccessRoom.StartAsync(connection3, CancellationToken, Budget(most));
        AccessRoom[] rooms = [room1, room2, room3];

        var costs = await Task.WhenAll(Enumerable.Range(0, 1000).Select(index => Task.Run(() => SpendAsync(rooms[index % 3], most: 40, cost: 1 + (index % 40), fails: index % 7 == 0))));

        var spent = costs.Sum();
        Assert.InRange(spent, 1, most);
        // What is left is all that was not spent, and not a token more.
        Serve(room1, "ada");
        await using var rest = await room1.Budget.ReserveAsync(most - spent, CancellationToken);
        await Assert.ThrowsAsync<ChatRefusedException>(async () => await room2.Budget.ReserveAsync(1, CancellationToken));
    }

    [Fact]
    public async Task Chat_WhileRedisIsAway_IsRefusedAndAudited()
    {
        await using var nobody = RedisServer.ConnectToNobody();
        await using var room = await AccessRoom.StartAsync(nobody, CancellationToken);

        using var response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        var record = room.Audited("guard.failed")[0];
        Assert.Equal("limits.unavailable", record.GetProperty("errorCode").GetString());
        Assert.StartsWith("The limits are Closed. Redis does not answer: ", record.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WhileRedisIsAwayAndLimitsStayOpen_IsAnsweredAndAudited()
    {
        await using var nobody = RedisServer.ConnectToNobody();
        await using var room = await AccessRoom.StartAsync(nobody, CancellationToken, "--Access:FailureMode=Open");

        using var response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("limits.unavailable", room.Audited("guard.failed")[0].GetProperty("errorCode").GetString());
    }

    private static string[] Budget(long tokens) => [$"--Access:Limits:TokensPerMinute={tokens}", $"--Access:Limits:TokensPerDay={tokens}", $"--Access:Limits:TokensPerMonth={tokens}"];

    private static async Task<long> SpendAsync(AccessRoom room, long most, long cost, bool fails)
    {
        Serve(room, "ada");
        try
        {
            await using var reservation = await room.Budget.ReserveAsync(most, CancellationToken);
            await Task.Yield();
            if (fails)
                return 0;
            await reservation.SettleAsync(cost);
            return cost;
        }
        catch (ChatRefusedException)
        {
            return 0;
        }
    }

    /// <summary>Makes this flow of the test a request of a caller.</summary>
    private static void Serve(AccessRoom room, string user) =>
        new HttpContextAccessor().HttpContext = new DefaultHttpContext { RequestServices = room.Services, User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", user)], "Bearer")) };
}
