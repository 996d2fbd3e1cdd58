using System.Diagnostics;
using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests.Jobs;

public sealed class JobTests
{
    private const string Hello = """{"user":"ada","messages":[{"role":"user","content":"Hello"}]}""";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_InTheInbox_IsAnsweredAndAudited()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral);
        var done = Put(program, """{"user":"ada","messages":[{"role":"user","content":"A nonce, s'il vous plaît?"}]}""", "done", "first.json");

        await RunUntilAsync(program, done);

        var text = await File.ReadAllTextAsync(done, CancellationToken);
        Assert.Contains("A nonce, s'il vous plaît?", text, StringComparison.Ordinal);
        Assert.Equal("ada", JsonElement.Parse(text).GetProperty("user").GetString());
        Assert.Contains("\"ada\"", await File.ReadAllTextAsync(program.AuditFile, CancellationToken), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(JobsOf(program), "working"), "*.json", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("{ not json", "job.malformed", "line 1")]
    [InlineData("""{"user":"ada","messages":[],"surprise":1}""", "job.malformed", "'surprise' in line 1")]
    [InlineData("""{"user":"ada","messages":[{"role":"user","content":7}]}""", "job.malformed", "'messages[0].content' in line 1")]
    [InlineData("""{"user":"ada","messages":[],"user":"eve"}""", "job.malformed", "'user' in line 1")]
    [InlineData("""{"messages":[{"role":"user","content":"Hello"}]}""", "job.invalid", "\"user\"")]
    [InlineData("""{"user":"ada","messages":[]}""", "request.invalid", "messages")]
    [InlineData("""{"user":"ada","messages":[{"role":"user","content":"My card is 4012 8888 8888 1881."}]}""", "sensitive.data", "card")]
    public async Task Job_ThatIsWrong_GoesToFailedWithTheReason(string job, string code, string place)
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral);
        var failed = Put(program, job, "failed", "first.json");

        await RunUntilAsync(program, Path.ChangeExtension(failed, ".reason.json"));

        using var reason = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(failed, ".reason.json"), CancellationToken));
        Assert.Equal(code, reason.RootElement.GetProperty("code").GetString());
        Assert.Contains(place, reason.RootElement.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(job, await File.ReadAllTextAsync(failed, CancellationToken));
        Assert.Empty(mistral.Requests);
    }

    [Fact]
    public async Task Job_ThatMistralCannotAnswerNow_IsTriedAgain()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral, ("Jobs__RetryDelay", "00:00:00.050"));
        mistral.Enqueue(StandInReply.Error(503, "{}"));
        var done = Put(program, Hello, "done", "first.json");

        await RunUntilAsync(program, done);

        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(done, CancellationToken));
        Assert.Equal(2, result.RootElement.GetProperty("attempts").GetInt32());
        var audit = await File.ReadAllTextAsync(program.AuditFile, CancellationToken);
        Assert.Equal(2, audit.Split("\"job.attempted\"").Length - 1);
        Assert.Contains("mistral.unavailable", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_ThatMistralNeverAnswers_FailsAfterTheLastAttempt()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral, ("Jobs__RetryDelay", "00:00:00.050"), ("Jobs__MaxAttempts", "2"));
        for (var attempt = 0; attempt < 2; attempt++)
            mistral.Enqueue(StandInReply.Error(503, "{}"));
        var failed = Put(program, Hello, "failed", "first.json");

        await RunUntilAsync(program, Path.ChangeExtension(failed, ".reason.json"));

        using var reason = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(failed, ".reason.json"), CancellationToken));
        Assert.Equal("mistral.unavailable", reason.RootElement.GetProperty("code").GetString());
        Assert.Equal(2, mistral.Requests.Count);
    }

    [Fact]
    public async Task Job_AtTheRateLimit_WaitsAsLongAsMistralAsks_UncountedAndDone()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral, ("Jobs__MaxAttempts", "1"));
        mistral.Enqueue(StandInReply.Error(429, "{}", ("Retry-After", "1")));
        var done = Put(program, Hello, "done", "first.json");

        await RunUntilAsync(program, done);

        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(done, CancellationToken));
        Assert.Equal(1, result.RootElement.GetProperty("attempts").GetInt32());
        Assert.Equal(2, mistral.Requests.Count);
    }

    [Fact]
    public async Task Job_ThatEndsItsWorkerEachTime_FailsInTheEnd()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral, ("Jobs__MaxAttempts", "2"));
        var failed = Path.Combine(JobsOf(program), "failed", "first.reason.json");
        Directory.CreateDirectory(Path.Combine(JobsOf(program), "waiting"));
        await File.WriteAllTextAsync(Path.Combine(JobsOf(program), "waiting", "2~0~first.json"), Hello, CancellationToken);

        await RunUntilAsync(program, failed);

        Assert.Contains("job.poison", await File.ReadAllTextAsync(failed, CancellationToken), StringComparison.Ordinal);
        Assert.Empty(mistral.Requests);
    }

    [Fact]
    public async Task JobsRetry_OfAFailedJob_PutsItBack()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral);
        var failed = Put(program, "{ not json", "failed", "first.json");
        await RunUntilAsync(program, Path.ChangeExtension(failed, ".reason.json"));

        var (shown, status, _) = await program.RunAsync("", "jobs", "status", "--format", "json");
        var (unknown, _, _) = await program.RunAsync("", "jobs", "retry", "../first");
        var (put, _, _) = await program.RunAsync("", "jobs", "retry", "first");
        var (_, after, _) = await program.RunAsync("", "jobs", "status", "--format", "json");

        Assert.Equal((0, 1, 0), (shown, unknown, put));
        Assert.Equal("first", JsonDocument.Parse(status).RootElement.GetProperty("failed")[0].GetProperty("id").GetString());
        Assert.Equal(1, JsonDocument.Parse(after).RootElement.GetProperty("jobs").GetProperty("delayed").GetInt32());
        Assert.Empty(JsonDocument.Parse(after).RootElement.GetProperty("failed").EnumerateArray());
    }

    [Fact]
    public async Task JobsStatus_OfANameThatWouldSteerATerminal_ShowsItWithoutThat()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No file can have such a name there.");
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral);
        var failed = Put(program, "{ not json", "failed", "\u001b[31mred.json");
        await RunUntilAsync(program, Path.ChangeExtension(failed, ".reason.json"));

        var (exitCode, output, _) = await program.RunAsync("", "jobs", "status");

        Assert.Equal(0, exitCode);
        Assert.Contains("red", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task JobsHealth_WithoutAWorker_SaysSo()
    {
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        using var program = WorkerFor(mistral);

        var (exitCode, output, _) = await program.RunAsync("", "jobs", "health");

        Assert.Equal(1, exitCode);
        Assert.Contains("health file", output, StringComparison.Ordinal);
    }

    /// <summary>Runs the program until a file stands, then ends it.</summary>
    private static async Task RunUntilAsync(ProgramUnderTest program, string file)
    {
        using var process = program.Start([]);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        try
        {
            var started = Stopwatch.GetTimestamp();
            while (!File.Exists(file))
            {
                Assert.False(process.HasExited, "The program ended too early.");
                Assert.True(Stopwatch.GetElapsedTime(started) < ProgramUnderTest.TimeLimit, $"{Path.GetFileName(file)} did not come.");
                await Task.Delay(50, CancellationToken);
            }
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(ProgramUnderTest.TimeLimit);
        }
    }

    private static ProgramUnderTest WorkerFor(MistralStandIn mistral, params (string Name, string Value)[] more)
    {
        var worker = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        worker.Settings["Jobs__Folder__Path"] = JobsOf(worker);
        worker.Settings["Jobs__HealthFile"] = Path.Combine(worker.Folder, "health.json");
        // The queue's own attempts are what is tried here, not those within one call.
        worker.Settings["Mistral__Resilience__MaxRetries"] = "0";
        foreach (var (name, value) in more)
            worker.Settings[name] = value;
        return worker;
    }

    private static string JobsOf(ProgramUnderTest worker) => Path.Combine(worker.Folder, "jobs");

    private static string Put(ProgramUnderTest program, string job, string expectedFolder, string name)
    {
        var inbox = Directory.CreateDirectory(Path.Combine(JobsOf(program), "inbox")).FullName;
        File.WriteAllText(Path.Combine(inbox, name), job);
        return Path.Combine(JobsOf(program), expectedFolder, name);
    }
}
