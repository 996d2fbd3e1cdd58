using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests.Jobs;

public sealed class JobTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_InTheInbox_IsAnsweredAndAudited()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        var done = Put(program, """{"user":"ada","messages":[{"role":"user","content":"What is a nonce?"}]}""", "done", "first.json");

        await program.RunUntilAsync(done);

        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(done, CancellationToken));
        Assert.Equal("ada", result.RootElement.GetProperty("user").GetString());
        Assert.Contains("What is a nonce?", result.RootElement.GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Contains("\"ada\"", await File.ReadAllTextAsync(program.AuditFile, CancellationToken), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(program.JobsFolder, "working")));
    }

    [Theory]
    [InlineData("{ not json", "job.malformed")]
    [InlineData("""{"user":"ada","messages":[],"surprise":1}""", "job.malformed")]
    [InlineData("""{"messages":[{"role":"user","content":"Hello"}]}""", "job.invalid")]
    [InlineData("""{"user":"ada","messages":[]}""", "request.invalid")]
    public async Task Job_ThatIsWrong_GoesToFailedWithTheReason(string job, string code)
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        var failed = Put(program, job, "failed", "first.json");

        await program.RunUntilAsync(failed);

        using var reason = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(failed, ".reason.json"), CancellationToken));
        Assert.Equal(code, reason.RootElement.GetProperty("code").GetString());
        Assert.Equal(job, await File.ReadAllTextAsync(failed, CancellationToken));
        Assert.Empty(mistral.Requests);
    }

    [Fact]
    public async Task Job_LeftByAKilledWorker_IsTakenUpAgain()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        var done = Put(program, """{"user":"ada","messages":[{"role":"user","content":"Hello"}]}""", "done", "first.json");
        Directory.CreateDirectory(Path.Combine(program.JobsFolder, "working"));
        File.Move(Path.Combine(program.JobsFolder, "inbox", "first.json"), Path.Combine(program.JobsFolder, "working", "first.json"));

        await program.RunUntilAsync(done);

        Assert.Single(mistral.Requests);
    }

    private static string Put(ProgramUnderTest program, string job, string expectedFolder, string name)
    {
        var inbox = Directory.CreateDirectory(Path.Combine(program.JobsFolder, "inbox")).FullName;
        File.WriteAllText(Path.Combine(inbox, name), job);
        return Path.Combine(program.JobsFolder, expectedFolder, name);
    }
}
