using MistralTemplates.Tests.Creation;

namespace MistralTemplates.Tests.Programs;

/// <summary>The tests that a repository is created with.</summary>
public sealed class GeneratedTestsTests(PackFixture fixture)
{
    /// <summary>The CI's workflow is no part of what they test.</summary>
    public static TheoryData<string> Repositories =>
        [.. Variant.Built.Where(variant => variant.IsRepository).DistinctBy(variant => (variant.Kind, variant.KeySource, variant.UsesRedis)).Select(variant => variant.Id)];

    [Theory]
    [MemberData(nameof(Repositories))]
    public async Task Test_OfEachRepository_PassesAndSkipsNothing(string id)
    {
        var repository = await fixture.BuiltAsync(Variant.Find(id));

        var tests = await repository.TestAsync(TestContext.Current.CancellationToken);

        Assert.True(tests.ExitCode == 0, tests.Output);
        Assert.Contains("skipped: 0", tests.Output, StringComparison.Ordinal);
    }
}
