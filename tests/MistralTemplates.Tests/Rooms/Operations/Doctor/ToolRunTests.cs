using Acme.App.Operations.Doctor;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

public sealed class ToolRunTests
{
    /// <summary>Two threads that close the input at the same time made one check in some thousands fail.</summary>
    [Fact]
    public void Dispose_InputIsStillBeingWritten_WaitsForItsEnd()
    {
        var isWritten = false;
        using (var git = new ToolRun("git", ["--version"], Slow(), TestContext.Current.CancellationToken))
        {
            Assert.StartsWith("git version", git.Text.ReadToEnd(), StringComparison.Ordinal);
            Assert.Equal(0, git.End(out _));
        }

        Assert.True(isWritten);

        IEnumerable<string> Slow()
        {
            Thread.Sleep(500);
            isWritten = true;
            yield return "late";
        }
    }
}
