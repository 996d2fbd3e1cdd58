using Acme.App.Tests.StandIn;

namespace Acme.App.Tests.Terminal;

public sealed class ConversationTests
{
    private const string Question = "What is a nonce?";

    [Fact]
    public async Task Conversation_SecondQuestion_SendsWhatWasSaidBefore()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, _, _) = await program.RunAsync("My name is Ada.\nWhat is my name?\n\n", "chat");

        Assert.Equal(0, exitCode);
        Assert.Equal(2, mistral.Requests.Count);
        Assert.Contains("My name is Ada.", mistral.Requests[1].Body, StringComparison.Ordinal);
    }

    /// <summary>Whoever feeds a conversation through a pipe has nothing but the exit code.</summary>
    [Fact]
    public async Task Conversation_FromAPipe_FailsWhenAQuestionWasNotAnswered()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, _) = await program.RunAsync("My card is 4012 8888 8888 1881.\nWhat is my name?\n", "chat");

        Assert.Equal(1, exitCode);
        Assert.Contains("What is my name?", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/model no-such-model")]
    [InlineData("/save")]
    [InlineData("/nothing")]
    public async Task Conversation_FromAPipe_FailsWhenACommandWasRefused(string command)
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, output, _) = await program.RunAsync($"{command}\nHello\n", "chat");

        Assert.Equal(1, exitCode);
        Assert.Contains("Hello", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversation_Commands_ChangeWhatIsSentAndSaveIt()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };
        var file = Path.Combine(Path.GetDirectoryName(program.AuditFile)!, "saved.md");

        var (exitCode, _, error) = await program.RunAsync(
            "First\n/clear\n/model mistral-medium-latest\n/model no-such-model\n/system Be brief.\nSecond\n"
            + $"/save {file}\n/save {file}\n/unknown\n/etc/hosts?\n/exit\nThird\n", "chat");

        Assert.Equal(1, exitCode);
        Assert.Equal(3, mistral.Requests.Count);
        Assert.Contains("/etc/hosts?", mistral.Requests[2].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("First", mistral.Requests[1].Body, StringComparison.Ordinal);
        Assert.Contains("mistral-medium-latest", mistral.Requests[1].Body, StringComparison.Ordinal);
        Assert.Contains("Be brief.", mistral.Requests[1].Body, StringComparison.Ordinal);
        Assert.Contains("The model is not on this environment's list.", error, StringComparison.Ordinal);
        Assert.Contains("There is such a file already.", error, StringComparison.Ordinal);
        Assert.Contains("There is no such command.", error, StringComparison.Ordinal);
        var saved = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith("## user\n\nSecond\n\n## assistant\n\n", saved, StringComparison.Ordinal);
        Assert.Contains("Saved 2 messages.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversation_AtATerminal_ShowsTheAnswerAndGivesARefusedMessageBackToBeEdited()
    {
        TerminalUnderTest.Require();
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Answer("A **number** used once."));
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, shown) = await program.TypeAsync(
            [
                ("/exit leaves.", Question + "\r"),
                ("tokens", "My card is 4012 8888 8888 1881, is it\u001b[D\r"),
                ("Ctrl+U", "\u007f\u0015Is it 😀\u007ffine?\r"),
                ("tokens", "/exit\r"),
            ],
            "chat");

        Assert.True(exitCode == 0, shown);
        Assert.Contains("used once.", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("**", shown, StringComparison.Ordinal);
        Assert.Contains("The request holds sensitive data: card.", shown, StringComparison.Ordinal);
        Assert.Equal(2, mistral.Requests.Count);
        Assert.Contains("Is it fine?", mistral.Requests[1].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("4012", mistral.Requests[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversation_LinesTypedWhileAnAnswerComes_AreMessagesOfTheirOwnAndAPastedTextIsOne()
    {
        TerminalUnderTest.Require();
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Answer("First.") with { Delay = TimeSpan.FromSeconds(2) });
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, shown) = await program.TypeAsync(
            [
                ("/exit leaves.", "One\r\tpasted\r"),
                ("·", "Two\rThree\r/exit\r"),
            ],
            "chat");

        Assert.True(exitCode == 0, shown);
        var messages = mistral.Requests.Select(request => request.Json.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString());
        Assert.Equal(["One\n\tpasted", "Two", "Three"], messages);
    }

    [Fact]
    public async Task Conversation_LinesTypedWhileAQuestionFails_AreNotPutBehindIt()
    {
        TerminalUnderTest.Require();
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        mistral.Enqueue(StandInReply.Error(400, "{}") with { Delay = TimeSpan.FromSeconds(2) });
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, shown) = await program.TypeAsync([("/exit leaves.", "One\r"), ("·", "Two\r/exit\r")], "chat");

        Assert.True(exitCode == 0, shown);
        var messages = mistral.Requests.Select(request => request.Json.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString());
        Assert.Equal(["One", "Two"], messages);
    }
}
