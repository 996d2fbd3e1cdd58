using System.Text.Json;
using Acme.App.Tests.StandIn;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;

namespace MistralTemplates.Tests.Programs;

/// <summary>Each kind, created, built with warnings as errors, tested by its own tests, and run against the stand-in for Mistral.</summary>
public sealed class ProgramTests(PackFixture fixture)
{
    private const string Question = "What is a nonce?";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("repository-api")]
    [InlineData("repository-console")]
    [InlineData("repository-worker")]
    public async Task Repository_OfEachKind_BuildsPassesItsTestsAndAnswers(string id)
    {
        var variant = Variant.Find(id);
        var repository = await BuildAsync(variant);

        var tests = await repository.TestAsync(CancellationToken);
        Assert.True(tests.ExitCode == 0, tests.Output);
        Assert.Contains("skipped: 0", tests.Output, StringComparison.Ordinal);
        await AssertAnswersAsync(repository, variant.Kind);
        await AssertRefusesToStartAsync(repository);
        await AssertFormattedAsync(repository.Folder);
    }

    /// <summary>In Development a key in the environment is enough, so each source's program can answer without its store.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public async Task Project_OfEachKindAndKeySource_BuildsAndAnswers(string id)
    {
        var variant = Variant.Find(id);

        await AssertAnswersAsync(await BuildAsync(variant), variant.Kind);
    }

    public static TheoryData<string> Projects => [.. Variant.Approved.Select(variant => variant.Id).Where(id => !id.StartsWith("repository", StringComparison.Ordinal))];

    private async Task<GeneratedRepository> BuildAsync(Variant variant)
    {
        var repository = new GeneratedRepository(await fixture.CopyAsync("programs-" + variant.Id, variant), PackFixture.Name, variant.Kind);
        await repository.BuildAsync(CancellationToken);
        return repository;
    }

    private static async Task AssertAnswersAsync(GeneratedRepository repository, string kind)
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        var settings = new Dictionary<string, string>
        {
            ["Mistral__Endpoint"] = mistral.Endpoint.ToString(),
            ["MISTRAL_API_KEY"] = MistralStandIn.UsualKey,
        };

        var chat = await repository.ChatAsync(Question, settings, CancellationToken);

        Assert.Contains(Question, chat.Answer, StringComparison.Ordinal);
        Assert.Single(mistral.Requests, request => request.Path == "/v1/chat/completions");
        using var audit = JsonDocument.Parse(chat.AuditLine);
        Assert.Equal("chat.complete", audit.RootElement.GetProperty("action").GetString());
        Assert.True(audit.RootElement.GetProperty("success").GetBoolean());
        Assert.DoesNotContain(Question, chat.AuditLine, StringComparison.Ordinal);
        Assert.DoesNotContain(MistralStandIn.UsualKey, chat.AuditLine, StringComparison.Ordinal);
        if (kind == "worker")
            Assert.Equal("newcomer", audit.RootElement.GetProperty("userId").GetString());
    }

    private static async Task AssertRefusesToStartAsync(GeneratedRepository repository)
    {
        var result = await repository.RunAsync(["chat", Question], new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development" }, CancellationToken);

        Assert.Equal(78, result.ExitCode);
        Assert.Equal("", result.Output);
        foreach (var way in (string[])["MISTRAL_API_KEY", ".env", "Mistral__Offline"])
            Assert.Contains(way, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static async Task AssertFormattedAsync(string folder)
    {
        var result = await Command.RunAsync("dotnet", ["format", "--verify-no-changes", "--no-restore"], folder, TimeSpan.FromMinutes(3), CancellationToken);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }
}
