using Acme.App.Access;
using Acme.App.Guards;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class TokenWindowTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 30, 23, 58, 30, TimeSpan.Zero));

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tokens-minute", 100, 1000, 1000, 30)]
    [InlineData("tokens-day", 1000, 100, 1000, 90)]
    [InlineData("tokens-month", 1000, 1000, 100, 90)]
    public async Task Reserve_WhenAWindowIsSpent_SaysHowLongItLastsAndBeginsAnewAfterIt(string limit, long minute, long day, long month, int seconds)
    {
        var budget = Budget(new CallerLimits { TokensPerMinute = minute, TokensPerDay = day, TokensPerMonth = month });
        await (await budget.ReserveAsync(90, CancellationToken)).SettleAsync(90);

        var refusal = await Assert.ThrowsAsync<ChatRefusedException>(async () => await budget.ReserveAsync(20, CancellationToken));
        _time.Advance(refusal.RetryAfter!.Value);
        await budget.ReserveAsync(20, CancellationToken);

        Assert.Equal(TimeSpan.FromSeconds(seconds), refusal.RetryAfter);
        Assert.Contains($"'{limit}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reserve_MoreThanAWindowHolds_IsRefusedForGood()
    {
        var budget = Budget(new CallerLimits { TokensPerMinute = 100 });

        var refusal = await Assert.ThrowsAsync<ChatRefusedException>(async () => await budget.ReserveAsync(120, CancellationToken));

        Assert.Equal(ChatRefusedException.TooManyTokens, refusal.Code);
        Assert.Null(refusal.RetryAfter);
    }

    private TokenBudget Budget(CallerLimits limits) => TestBudget.Of(new MemoryLimitStore(_time), limits, _time);
}
