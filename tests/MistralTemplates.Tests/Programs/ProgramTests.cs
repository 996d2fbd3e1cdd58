using System.Text.Json;
using Acme.App.Tests.StandIn;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;
using MistralTemplates.Tests.Rooms.Access;

namespace MistralTemplates.Tests.Programs;

/// <summary>Each variant, created, built with warnings as errors, and run against the stand-in for Mistral.</summary>
public sealed class ProgramTests(PackFixture fixture)
{
    private const string Question = "What is a nonce?";

    private static readonly TimeSpan s_jobLimit = TimeSpan.FromMinutes(1);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Variant.BuiltIds), MemberType = typeof(Variant))]
    public async Task Program_OfEachVariant_BuildsAndAnswers(string id)
    {
        var variant = Variant.Find(id);
        var program = await fixture.BuiltAsync(variant);
        await using var mistral = await MistralStandIn.StartAsync(CancellationToken);
        await using var redis = variant.UsesRedis ? await RedisServer.StartAsync(CancellationToken) : null;
        var settings = new Dictionary<string, string>
        {
            ["Mistral__Endpoint"] = mistral.Endpoint.ToString(),
            ["MISTRAL_API_KEY"] = MistralStandIn.UsualKey,
        };
        foreach (var (name, value) in redis?.Settings ?? new Dictionary<string, string>())
            settings[name] = value;
        // What only the other environments read may stand in the settings that all of them share.
        if (variant.KeySource != "env")
            settings[variant.KeySource switch { "files" => "Keys__Files__Path", "vault" => "Keys__Vault__Path", var store => $"Keys__{store}__Secret" }] = "mistral";

        var chat = await program.ChatAsync(Question, settings, CancellationToken, redis is null ? null : (job, worker, _) => ExchangeAsync(redis, job, worker));

        Assert.Contains(Question, chat.Answer, StringComparison.Ordinal);
        Assert.Single(mistral.Requests, request => request.Path == "/v1/chat/completions");
        using var audit = JsonDocument.Parse(chat.AuditLine);
        Assert.Equal("chat.complete", audit.RootElement.GetProperty("action").GetString());
        Assert.True(audit.RootElement.GetProperty("success").GetBoolean());
        Assert.DoesNotContain(Question, chat.AuditLine, StringComparison.Ordinal);
        Assert.DoesNotContain(MistralStandIn.UsualKey, chat.AuditLine, StringComparison.Ordinal);
        if (variant.Kind == "worker")
            Assert.Equal("newcomer", audit.RootElement.GetProperty("userId").GetString());
        if (redis is not null)
            Assert.NotEqual(0, await redis.CountKeysAsync(CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Variant.BuiltIds), MemberType = typeof(Variant))]
    public async Task Program_OfEachVariantWithoutAKey_SaysWhatToSetAndEnds(string id)
    {
        var variant = Variant.Find(id);
        var program = await fixture.BuiltAsync(variant);

        string[] arguments = variant.Kind == "console" ? ["chat", Question] : [];
        var result = await program.RunAsync(
            arguments, new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development" }, CancellationToken);

        Assert.Equal(78, result.ExitCode);
        Assert.Equal("", result.Output);
        foreach (var way in (string[])["MISTRAL_API_KEY", ".env", "Mistral__Offline", .. variant.KeySource == "env" ? Array.Empty<string>() : [$"Keys:{variant.KeySource}:"]])
            Assert.Contains(way, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    /// <summary>One language throughout: the parts that are used would have words of their own for a machine in another.</summary>
    [Theory]
    [InlineData("repository-api")]
    [InlineData("repository-console")]
    [InlineData("repository-worker")]
    public async Task Help_WhereTheMachineSpeaksAnotherLanguage_IsEnglish(string id)
    {
        var program = await fixture.BuiltAsync(Variant.Find(id));

        var result = await program.RunAsync(["doctor", "--help"], new Dictionary<string, string> { ["LC_ALL"] = "de_DE.UTF-8" }, CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Usage:", result.Output, StringComparison.Ordinal);
    }

    /// <summary>At the prompt the terminal shows no letter by itself, and Ctrl+C is a key.</summary>
    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Console_ToldToEndAtItsPrompt_GivesTheTerminalBackAndEndsItsAudit(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There, script makes a terminal.");
        var folder = fixture.NewFolder("prompt-" + signal);
        await using var terminal = await StartAtItsPromptAsync(folder);

        (await Command.RunAsync("kill", ["-s", signal, ProgramIn(terminal)], folder, s_jobLimit, CancellationToken)).EnsureSuccess("kill");
        await terminal.WaitForAsync(() => terminal.Output.Contains("-echoprt", StringComparison.Ordinal), s_jobLimit, CancellationToken);

        Assert.Contains("code=0.", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("isig icanon iexten echo ", terminal.Output.Replace(" -", " !", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("\"audit.stopped\"", (await File.ReadAllLinesAsync(Path.Combine(folder, "audit.jsonl"), CancellationToken))[^1], StringComparison.Ordinal);
    }

    /// <summary>A terminal that is gone gives keys without end, none of which is one.</summary>
    [Fact]
    public async Task Console_WhoseTerminalIsClosed_Ends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There, script makes a terminal.");
        var folder = fixture.NewFolder("prompt-closed");
        await using var terminal = await StartAtItsPromptAsync(folder);
        var id = ProgramIn(terminal);

        (await Command.RunAsync("kill", ["-s", "KILL", $"{terminal.Id}"], folder, s_jobLimit, CancellationToken)).EnsureSuccess("kill");
        var looks = 0;
        while ((await Command.RunAsync("kill", ["-0", id], folder, s_jobLimit, CancellationToken)).ExitCode == 0 && looks++ < 100)
            await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken);

        Assert.InRange(looks, 0, 100);
        Assert.Contains("\"audit.stopped\"", (await File.ReadAllLinesAsync(Path.Combine(folder, "audit.jsonl"), CancellationToken))[^1], StringComparison.Ordinal);
    }

    private async Task<RunningProgram> StartAtItsPromptAsync(string folder)
    {
        var program = await fixture.BuiltAsync(Variant.FindBuilt("mistral-secure", "console"));
        var settings = new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Mistral__Offline"] = "true",
            ["Audit__Path"] = Path.Combine(folder, "audit.jsonl"),
            ["TERM"] = "xterm",
        };
        var session = Path.Combine(folder, "session.sh");
        await File.WriteAllTextAsync(session, $"(echo \"pid=$BASHPID.\"; exec dotnet '{program.ProgramFile}' chat)\necho \"code=$?.\"\nstty -a\n", CancellationToken);
        // Whoever reads a pipe that it could write as well waits for ever, and leaves nobody behind who holds the output open.
        var terminal = RunningProgram.Start("bash", ["-c", $"mkfifo keys && exec script -qec 'bash \"{session}\"' /dev/null <> keys"], folder, settings);
        await terminal.WaitForAsync(() => terminal.Output.Contains("/exit leaves", StringComparison.Ordinal), s_jobLimit, CancellationToken);
        // The prompt itself ends no line, by which the output comes here.
        await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken);
        return terminal;
    }

    private static string ProgramIn(RunningProgram terminal) => terminal.Output.Split("pid=")[1].Split('.')[0];

    [Fact]
    public async Task Output_OfAllVariants_IsFormatted() => Assert.Empty(await fixture.FormatComplaintsAsync());

    /// <summary>As the output's README has it.</summary>
    private static async Task<string> ExchangeAsync(RedisServer redis, string job, RunningProgram worker)
    {
        await using var connection = redis.Connect();
        var database = await connection.DatabaseAsync(CancellationToken);
        await database.StreamAddAsync("mistral:{jobs}:inbox", [new("id", "first"), new("job", job)]);
        string? result = null;
        await worker.WaitForAsync(() => (result = database.StringGet("mistral:{jobs}:done:first")) is not null, s_jobLimit, CancellationToken);
        return result!;
    }
}
