using Acme.App.Chat;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>Anybody may ask whether the program is ready, as often as they like: what a look costs is paid once a second.</summary>
public sealed class SharedReadinessTests
{
    [Fact]
    public async Task Write_AskedAtOnceAndWithinASecond_LooksOnce()
    {
        var time = new FakeTimeProvider();
        var checks = new FakeChecks();
        var readiness = new SharedReadiness(checks, time);

        var together = Enumerable.Range(0, 20).Select(_ => AskAsync(readiness)).ToList();
        checks.Answer.SetResult(HealthStatus.Healthy);
        await Task.WhenAll(together);
        time.Advance(TimeSpan.FromMilliseconds(900));
        checks.Answer = new();
        checks.Answer.SetResult(HealthStatus.Unhealthy);
        var within = await AskAsync(readiness);
        time.Advance(TimeSpan.FromMilliseconds(200));
        var after = await AskAsync(readiness);

        Assert.All(together, answer => Assert.Equal("200 Healthy", answer.Result));
        Assert.Equal("200 Healthy", within);
        Assert.Equal("503 Unhealthy", after);
        Assert.Equal(2, checks.Looked);
    }

    [Fact]
    public async Task Write_LookThatDoesNotEnd_IsFollowedByAnother()
    {
        var time = new FakeTimeProvider();
        var checks = new FakeChecks();
        var readiness = new SharedReadiness(checks, time);
        var stuck = AskAsync(readiness);
        time.Advance(TimeSpan.FromSeconds(11));
        checks.Answer = new();
        checks.Answer.SetResult(HealthStatus.Healthy);

        Assert.Equal("200 Healthy", await AskAsync(readiness));
        Assert.False(stuck.IsCompleted);
    }

    private static async Task<string> AskAsync(SharedReadiness readiness)
    {
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await readiness.WriteAsync(context);
        context.Response.Body.Position = 0;
        return $"{context.Response.StatusCode} {await new StreamReader(context.Response.Body).ReadToEndAsync(TestContext.Current.CancellationToken)}";
    }

    private sealed class FakeChecks : HealthCheckService
    {
        public TaskCompletionSource<HealthStatus> Answer { get; set; } = new();

        public int Looked { get; private set; }

        public override async Task<HealthReport> CheckHealthAsync(Func<HealthCheckRegistration, bool>? predicate, CancellationToken cancellationToken = default)
        {
            Looked++;
            return new HealthReport(new Dictionary<string, HealthReportEntry>(), await Answer.Task, TimeSpan.Zero);
        }
    }
}
