using Acme.App.Configuration;
using Acme.App.Jobs;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Jobs;

public sealed class JobHealthTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("job-health-").FullName;
    private readonly FakeTimeProvider _time = new();

    private string HealthFile => Path.Combine(_folder, "health.json");

    /// <summary>A file from before the clock was set back would be young until the clock is there again.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(-30, true)]
    [InlineData(3600, false)]
    [InlineData(-3600, false)]
    public async Task ReadProblem_OfAFileOfAnotherTime_SaysWhetherTheWorkerIsWell(int seconds, bool isWell)
    {
        var written = _time.GetUtcNow().AddSeconds(seconds);
        await File.WriteAllTextAsync(HealthFile, $$"""{"at":"{{written:O}}"}""", TestContext.Current.CancellationToken);

        Assert.Equal(isWell, Health().ReadProblem() is null);
    }

    [Fact]
    public void Begin_WithAFolderInThePlaceOfTheFile_IsAWrongConfiguration()
    {
        Directory.CreateDirectory(HealthFile);

        var problem = Assert.Single(Assert.Throws<ConfigurationException>(Health().Begin).Problems);

        Assert.Equal("Jobs:HealthFile", problem.Setting);
        Assert.Contains("folder", problem.Problem, StringComparison.Ordinal);
    }

    /// <summary>While jobs meet it each time, it stands; once none comes by, somebody has to look whether it is still there.</summary>
    [Fact]
    public void Obstacle_ThatNoJobMetForLong_IsOld()
    {
        var health = Health();
        Assert.False(health.IsObstacleOld);
        health.Obstacle = "Mistral does not take this program's key.";

        _time.Advance(new JobOptions().MaxRetryDelay);
        Assert.False(health.IsObstacleOld);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(health.IsObstacleOld);

        health.Obstacle = health.Obstacle;
        Assert.False(health.IsObstacleOld);
        _time.Advance(TimeSpan.FromDays(1));
        health.Obstacle = null;
        Assert.False(health.IsObstacleOld);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private JobHealth Health() => new(
        null!, null!, Options.Create(new JobOptions { HealthFile = HealthFile }), new HostingEnvironment { ContentRootPath = _folder }, _time);
}
