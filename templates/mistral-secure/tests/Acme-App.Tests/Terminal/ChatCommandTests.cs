using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace Acme.App.Tests.Terminal;

public sealed class ChatCommandTests
{
    private const string Question = "What is a nonce?";

    [Fact]
    public async Task Chat_WithAQuestion_WritesTheAnswerAndOneAuditLine()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, error) = await program.RunAsync("", "chat", Question);

        Assert.Equal(0, exitCode);
        Assert.Contains(Question, output, StringComparison.Ordinal);
        Assert.Equal("", error);
        Assert.Single(mistral.Requests);
        var audit = await File.ReadAllTextAsync(program.AuditFile, TestContext.Current.CancellationToken);
        Assert.Contains("chat.complete", audit, StringComparison.Ordinal);
        Assert.DoesNotContain(Question, audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WithADash_ReadsTheQuestionFromStandardInput()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, _) = await program.RunAsync(Question, "chat", "-");

        Assert.Equal(0, exitCode);
        Assert.Contains(Question, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WhenMistralRefusesTheKey_SaysSoAndFails()
    {
        await using var mistral = await MistralStandIn.StartAsync([], TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, error) = await program.RunAsync("", "chat", Question);

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.Contains("keys verify", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_Offline_AnswersWithoutAKey()
    {
        using var program = new ProgramUnderTest { Settings = new Dictionary<string, string> { ["Mistral__Offline"] = "true" } };

        var (exitCode, output, _) = await program.RunAsync("", "chat", Question);

        Assert.Equal(0, exitCode);
        Assert.NotEqual("", output.Trim());
    }

    [Fact]
    public async Task Chat_WithOptions_SendsThemAndTheFile()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        // Numbers are read the same wherever the program runs.
        var settings = new Dictionary<string, string>(ProgramUnderTest.SettingsFor(mistral)) { ["LC_ALL"] = "de_DE.UTF-8" };
        using var program = new ProgramUnderTest { Settings = settings };
        var file = program.Write("notes.txt", "The notes.");

        var (exitCode, _, _) = await program.RunAsync(
            "", "chat", Question, "--model", "mistral-medium-latest", "--system", "Be brief.", "--temperature", "0.5", "--max-tokens", "77", "--file", file);

        Assert.Equal(0, exitCode);
        using var body = JsonDocument.Parse(Assert.Single(mistral.Requests).Body);
        Assert.Equal("mistral-medium-latest", body.RootElement.GetProperty("model").GetString());
        Assert.Equal(0.5, body.RootElement.GetProperty("temperature").GetDouble());
        Assert.Equal(77, body.RootElement.GetProperty("max_tokens").GetInt32());
        var messages = body.RootElement.GetProperty("messages").EnumerateArray()
            .Select(message => $"{message.GetProperty("role")}: {message.GetProperty("content")}");
        // A prompt for all chats may stand before them.
        Assert.Equal(["system: Be brief.", $"user: {Question}\n\nThe notes."], messages.TakeLast(2));
    }

    [Fact]
    public async Task Chat_ForPrograms_PrintsOneJsonObject()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, error) = await program.RunAsync("", "chat", Question, "--json");

        Assert.Equal(0, exitCode);
        Assert.Equal("", error);
        using var answer = JsonDocument.Parse(output);
        Assert.Contains(Question, answer.RootElement.GetProperty("content").GetString(), StringComparison.Ordinal);
        var usage = answer.RootElement.GetProperty("usage");
        var sum = usage.GetProperty("promptTokens").GetInt32() + usage.GetProperty("completionTokens").GetInt32();
        Assert.Equal(usage.GetProperty("totalTokens").GetInt32(), sum);
    }

    [Fact]
    public async Task Chat_IntoAPipe_CarriesNoControlSequence()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Answer("A **word** \u001b]0;title\u0007and \u001b[31mred\u001b[0m."));
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (_, output, error) = await program.RunAsync("", "chat", Question);

        Assert.Equal($"A **word** and red.{Environment.NewLine}", output);
        Assert.Equal("", error);
    }

    [Theory]
    [InlineData("chat", Question, "--modle", "x")]
    [InlineData("chat", Question, "--temperature", "warm")]
    [InlineData("chat", Question, "--temperature", "0,1")]
    [InlineData("chat", Question, "--file", "no-such-file.txt")]
    [InlineData("chat", Question, "--max-tokens", "1.5")]
    [InlineData("chat", "--json")]
    [InlineData("chat", "--modle")]
    [InlineData]
    public async Task Chat_WithAWrongCommandLine_IsAUsageErrorThatPointsToTheHelp(params string[] arguments)
    {
        using var program = new ProgramUnderTest { Settings = new Dictionary<string, string>() };

        var (exitCode, output, error) = await program.RunAsync("", arguments);

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Contains("--help", error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WithAFileThatCannotBeRead_NamesItAndSendsNothing()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        var file = program.Write("held.txt", "The notes.");
        await using var held = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        var (exitCode, output, error) = await program.RunAsync("", "chat", Question, "--file", file);

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Contains("held.txt", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(mistral.Requests);
    }

    [Theory]
    [InlineData("--file")]
    [InlineData("-")]
    [InlineData("")]
    public async Task Chat_WithBytesThatAreNoText_SaysSoAndSendsNothing(string from)
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        var file = program.Write("latin.txt", "");
        await File.WriteAllBytesAsync(file, [(byte)'c', 0xE9], TestContext.Current.CancellationToken);

        var (exitCode, output, error) = from == "--file"
            ? await program.RunAsync("", "chat", Question, from, file)
            : await program.RunAsync(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), from == "" ? ["chat"] : ["chat", from]);

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Contains("is not text in UTF-8", error, StringComparison.Ordinal);
        Assert.Empty(mistral.Requests);
    }

    [Fact]
    public async Task Chat_AnswerIsCut_SaysSo()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Answer("A nonce is", "length"));
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, error) = await program.RunAsync("", "chat", Question);

        Assert.Equal((0, "A nonce is"), (exitCode, output.Trim()));
        Assert.Contains("not whole", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_AGuardRefusesTheMessage_SaysWhyAndSendsNothing()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, error) = await program.RunAsync("", "chat", "My card is 4012 8888 8888 1881.");

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.Equal($"The request holds sensitive data: card.{Environment.NewLine}", error);
        Assert.Empty(mistral.Requests);
        var audit = await File.ReadAllTextAsync(program.AuditFile, TestContext.Current.CancellationToken);
        Assert.Contains($"\"userId\":\"{Environment.UserName}\"", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_OfALineThatBegins_OffersTheOptions()
    {
        using var program = new ProgramUnderTest { Settings = new Dictionary<string, string>() };

        const string line = "Acme-App chat --m";

        var (exitCode, output, _) = await program.RunAsync("", $"[suggest:{line.Length}]", line);

        Assert.Equal(0, exitCode);
        Assert.Equal(["--max-tokens", "--model"], output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    /// <summary>By Ctrl+C, by whoever ends the program, and by closing the terminal.</summary>
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Chat_Interrupted_StopsTheAnswerAndAuditsIt(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only a terminal can send Ctrl+C to a process there.");
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Answer("Never seen.") with { Delay = TimeSpan.FromMinutes(1) });
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output) = await program.InterruptAsync(signal, () => mistral.Requests.Count > 0, "chat", Question);

        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        var audit = await File.ReadAllTextAsync(program.AuditFile, TestContext.Current.CancellationToken);
        Assert.Contains("\"success\":false", audit, StringComparison.Ordinal);
        Assert.Contains("audit.stopped", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WhileAnotherRuns_AnswersAndTheirOneAuditLogVerifies()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only a terminal can send Ctrl+C to a process there.");
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Answer("Never seen.") with { Delay = TimeSpan.FromMinutes(1) });
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        Task<(int ExitCode, string Output, string Error)>? second = null;

        // The first one ends after the second, whose records it must not write over.
        await program.InterruptAsync(
            "INT", () => mistral.Requests.Count > 0 && (second ??= program.RunAsync("", "chat", Question)).IsCompleted, "chat", Question);

        var (exitCode, output, error) = await second!;
        Assert.True(exitCode == 0, error);
        Assert.Contains(Question, output, StringComparison.Ordinal);
        var actions = (await File.ReadAllLinesAsync(program.AuditFile, TestContext.Current.CancellationToken))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("action").GetString());
        Assert.Equal(["audit.started", "audit.started", "chat.complete", "audit.stopped", "chat.cancelled", "audit.stopped"], actions);
        var verified = await program.RunAsync("", "audit", "verify");
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Error);
    }
}
