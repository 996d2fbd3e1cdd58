using MistralTemplates.Benchmarks.Keys;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class RotationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rotate_HundredTimesUnderEightCallers_FailsNoRequest(bool overlap)
    {
        await using var run = new RotationRun();

        var figures = await run.RunAsync(100, overlap, TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine(figures.ToString());
        Assert.Equal(0, figures.Failed);
        Assert.True(figures.Requests > 1600);
        Assert.True(overlap || figures.Refused > 0, "No request met the revoked key, so nothing was tested.");
    }
}
