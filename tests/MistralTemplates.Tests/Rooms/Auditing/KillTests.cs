using MistralTemplates.Benchmarks.Auditing;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>A few of the kills that the benchmark command <c>audit-kill</c> does by the hundred.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task Kill_RunningApiUnderLoad_LosesNoAnswersRecordAndRepairsNothingSilently()
    {
        using var drill = new KillDrill();

        var figures = await drill.RunAsync(4, TestContext.Current.CancellationToken);

        Assert.True(figures.Answers > 20, $"Only {figures.Answers} answers were received, so little was tested.");
        Assert.Equal((0, 0, 0), (figures.WithoutRecord, figures.Silent, figures.ExitCode));
        Assert.Contains("The log is as it was written.", figures.Verdict, StringComparison.Ordinal);
    }
}
