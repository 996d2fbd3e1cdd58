using System.Diagnostics.Metrics;
using System.Security.Claims;
using Acme.App.Access;
using Acme.App.Guards;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
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
        await (await budget.ReserveAsync(new BudgetEstimate(90, 0), CancellationToken)).SettleAsync(usage: null, CancellationToken);

        var refusal = await Assert.ThrowsAsync<ChatRefusedException>(async () => await budget.ReserveAsync(new BudgetEstimate(20, 0), CancellationToken));
        _time.Advance(refusal.RetryAfter!.Value);
        await budget.ReserveAsync(new BudgetEstimate(20, 0), CancellationToken);

        Assert.Equal(TimeSpan.FromSeconds(seconds), refusal.RetryAfter);
        Assert.Contains($"'{limit}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reserve_MoreThanAWindowHolds_IsRefusedForGood()
    {
        var budget = Budget(new CallerLimits { TokensPerMinute = 100 });

        var refusal = await Assert.ThrowsAsync<ChatRefusedException>(async () => await budget.ReserveAsync(new BudgetEstimate(60, 60), CancellationToken));

        Assert.Equal(ChatRefusedException.TooManyTokens, refusal.Code);
        Assert.Null(refusal.RetryAfter);
    }

    private TokenBudget Budget(CallerLimits limits)
    {
        var options = Options.Create(new AccessOptions { Limits = limits });
        var services = new ServiceCollection().AddMetrics().AddSingleton(options).BuildServiceProvider();
        var caller = new ClaimsPrincipal(new ClaimsIdentity([new Claim(HttpCallerAccessor.SubjectClaim, "ada")], "test"));
        var accessor = new HttpContextAccessor { HttpContext = new DefaultHttpContext { RequestServices = services, User = caller } };
        // Nothing is audited here: the count in memory is always reached.
        return new TokenBudget(new CallerLimiter(new MemoryLimitStore(_time), options, accessor, audit: null!, services.GetRequiredService<IMeterFactory>(), _time), _time);
    }
}
