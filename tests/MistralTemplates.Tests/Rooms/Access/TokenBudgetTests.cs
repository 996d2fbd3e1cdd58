using System.Security.Claims;
using Acme.App.Access;
using Acme.App.Guards;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class TokenBudgetTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 30, 23, 58, 30, TimeSpan.Zero));

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reserve_ByAThousandAtOnce_NeverOverspends()
    {
        const int most = 50_000;
        var budget = Budget(new CallerLimits { TokensPerMinute = most, TokensPerDay = most, TokensPerMonth = most });
        var spent = 0L;

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(caller => Task.Run(async () =>
        {
            try
            {
                await using var reservation = await budget.ReserveAsync(new BudgetEstimate("m", 100, 400), CancellationToken);
                await Task.Yield();
                var tokens = caller % 500;
                await reservation.SettleAsync(new UsageDetails { TotalTokenCount = tokens }, CancellationToken);
                Interlocked.Add(ref spent, tokens);
            }
            catch (ChatRefusedException refusal) when (refusal.Code == ChatRefusedException.TooManyTokens)
            {
                // Refused is within the budget.
            }
        }, CancellationToken)));

        Assert.InRange(spent, 1, most);
        Assert.Throws<ChatRefusedException>(() => budget.ReserveAsync(new BudgetEstimate("m", most - spent + 1, 0), CancellationToken));
        await budget.ReserveAsync(new BudgetEstimate("m", most - spent, 0), CancellationToken);
    }

    [Theory]
    [InlineData("minute", 100, 1000, 1000, 30)]
    [InlineData("day", 1000, 100, 1000, 90)]
    [InlineData("month", 1000, 1000, 100, 90)]
    public async Task Reserve_WhenAWindowIsSpent_SaysHowLongItLastsAndBeginsAnewAfterIt(string window, long minute, long day, long month, int seconds)
    {
        var budget = Budget(new CallerLimits { TokensPerMinute = minute, TokensPerDay = day, TokensPerMonth = month });
        await (await budget.ReserveAsync(new BudgetEstimate("m", 90, 0), CancellationToken)).SettleAsync(usage: null, CancellationToken);

        var refusal = Assert.Throws<ChatRefusedException>(() => budget.ReserveAsync(new BudgetEstimate("m", 20, 0), CancellationToken));
        _time.Advance(refusal.RetryAfter!.Value);
        await budget.ReserveAsync(new BudgetEstimate("m", 20, 0), CancellationToken);

        Assert.Equal(TimeSpan.FromSeconds(seconds), refusal.RetryAfter);
        Assert.Contains($"this {window}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reserve_MoreThanAWindowHolds_IsRefusedForGood()
    {
        var budget = Budget(new CallerLimits { TokensPerMinute = 100 });

        var refusal = Assert.Throws<ChatRefusedException>(() => budget.ReserveAsync(new BudgetEstimate("m", 60, 60), CancellationToken));

        Assert.Null(refusal.RetryAfter);
    }

    [Fact]
    public async Task Dispose_OfAnUnsettledReservation_GivesItBack()
    {
        var budget = Budget(new CallerLimits { TokensPerMinute = 100 });

        await using (await budget.ReserveAsync(new BudgetEstimate("m", 100, 0), CancellationToken))
        {
            Assert.Throws<ChatRefusedException>(() => budget.ReserveAsync(new BudgetEstimate("m", 1, 0), CancellationToken));
        }

        await budget.ReserveAsync(new BudgetEstimate("m", 100, 0), CancellationToken);
    }

    private TokenBudget Budget(CallerLimits limits)
    {
        var services = new ServiceCollection().AddSingleton(Options.Create(new AccessOptions { Limits = limits })).BuildServiceProvider();
        var caller = new ClaimsPrincipal(new ClaimsIdentity([new Claim(HttpCallerAccessor.SubjectClaim, "ada")], "test"));
        return new TokenBudget(new HttpContextAccessor { HttpContext = new DefaultHttpContext { RequestServices = services, User = caller } }, _time);
    }
}
