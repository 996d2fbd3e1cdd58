using System.ComponentModel;
using System.Diagnostics;
using MistralTemplates.Benchmarks.Jobs;

namespace MistralTemplates.Tests.Rooms.Jobs;

/// <summary>The drill of the benchmarks, short: workers killed in the midst of their work.</summary>
[Collection(nameof(WorkerProcesses))]
public sealed class JobKillTests
{
    [Theory]
    [InlineData("Single", 1)]
    [InlineData("Redis", 3)]
    public async Task Jobs_WhoseWorkersAreKilled_EndOnceEachAndAreOnRecord(string scale, int workers)
    {
        if (scale == "Redis" && !HasRedis())
            Assert.Skip("redis-server is not installed.");
        using var drill = new JobKillDrill(scale, workers);

        var figures = await drill.RunAsync(jobs: 60, kills: 4, TestContext.Current.CancellationToken);

        Assert.Equal(60, figures.Done + figures.Failed);
        Assert.Equal((0, 0, 0, 0), (figures.Lost, figures.Twice, figures.Unaudited, figures.BrokenChains));
    }

    internal static bool HasRedis()
    {
        try
        {
            using var version = Process.Start(new ProcessStartInfo("redis-server", ["--version"]) { RedirectStandardOutput = true });
            return version is not null;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
