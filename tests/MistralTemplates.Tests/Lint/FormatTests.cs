using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Lint;

/// <summary>This repository's own white space; its style and its analyzers are in the build.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData("templates")]
    [InlineData("tests")]
    public async Task Code_OfThisRepository_IsFormatted(string folder)
    {
        var result = await Command.RunAsync(
            "dotnet", ["format", "whitespace", folder, "--folder", "--verify-no-changes"], TemplatePack.RepositoryRoot, TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }
}
