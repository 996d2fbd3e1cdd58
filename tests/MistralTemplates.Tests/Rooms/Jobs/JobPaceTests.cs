using Acme.App.Jobs;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Jobs;

public sealed class JobPaceTests
{
    private readonly SetClock _time = new();

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Hold_WhileTheClockIsSet_LastsAsLongAsAsked(int days)
    {
        using var pace = new JobPace(Options.Create(new JobOptions()), _time);
        Assert.Equal(TimeSpan.FromSeconds(30), pace.Hold(TimeSpan.FromSeconds(30)));
        _time.Set = TimeSpan.FromDays(days);

        var wait = pace.WaitForPauseAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(wait.IsCompleted);
        Assert.Equal(TimeSpan.FromSeconds(1), pace.Hold(TimeSpan.FromSeconds(1)));
        _time.Advance(TimeSpan.FromSeconds(1));

        await wait.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>A clock that was set, while time goes on as ever.</summary>
    private sealed class SetClock : TimeProvider
    {
        private readonly FakeTimeProvider _time = new();

        public TimeSpan Set { get; set; }

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => _time.GetUtcNow() + Set;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _time.CreateTimer(callback, state, dueTime, period);

        public void Advance(TimeSpan time) => _time.Advance(time);
    }
}
