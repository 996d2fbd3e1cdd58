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
    [MemberData(nameof(Variant.BuiltIds), MemberType = typeof(Variant))]
    public async Task Program_OfEachVariant_BuildsAndAnswers(string id)
    {
        var variant = Variant.Find(id);
        var program = await fixture.BuiltAsync(variant);

        await AssertAnswersAsync(program, variant.Kind);
        await AssertRefusesToStartAsync(program, variant);
    }

    [Theory]
    [MemberData(nameof(Repositories))]
    public async Task Repository_OfEachVariant_PassesItsOwnTests(string id)
    {
        var repository = await fixture.BuiltAsync(Variant.Find(id));

        var tests = await repository.TestAsync(CancellationToken);

        Assert.True(tests.ExitCode == 0, tests.Output);
        Assert.Contains("skipped: 0", tests.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Formatted))]
    public async Task Output_OfEachVariant_IsFormatted(string id)
    {
        var repository = await fixture.BuiltAsync(Variant.Find(id));

        await AssertFormattedAsync(repository.Folder);
    }

    public static TheoryData<string> Repositories => [.. Variant.Built.Where(variant => variant.IsRepository).Select(variant => variant.Id)];

    /// <summary>All in the full matrix; else a repository of each kind, whose files are nearly all there are.</summary>
    public static TheoryData<string> Formatted => [.. Variant.Built.Where(variant => Variant.IsFullMatrix || variant.Id.StartsWith("repository-", StringComparison.Ordinal) && !variant.Options.Contains("--ci")).Select(variant => variant.Id)];

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

    private static async Task AssertRefusesToStartAsync(GeneratedRepository repository, Variant variant)
    {
        var result = await repository.RunAsync(["chat", Question], new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development" }, CancellationToken);

        Assert.Equal(78, result.ExitCode);
        Assert.Equal("", result.Output);
        foreach (var way in (string[])["MISTRAL_API_KEY", ".env", "Mistral__Offline", .. variant.KeySource == "env" ? Array.Empty<string>() : [$"Keys:{variant.KeySource}:"]])
            Assert.Contains(way, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static async Task AssertFormattedAsync(string folder)
    {
        var result = await Command.RunAsync("dotnet", ["format", "--verify-no-changes", "--no-restore"], folder, TimeSpan.FromMinutes(3), CancellationToken);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }
}
