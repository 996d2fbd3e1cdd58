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
    public async Task Chat_InAConversation_SendsWhatWasSaidBefore()
    {
        await using var mistral = await MistralStandIn.StartAsync(TestContext.Current.CancellationToken);
        using var program = new ProgramUnderTest { Settings = ProgramUnderTest.SettingsFor(mistral) };

        var (exitCode, _, _) = await program.RunAsync("My name is Ada.\nWhat is my name?\n\n", "chat");

        Assert.Equal(0, exitCode);
        Assert.Equal(2, mistral.Requests.Count);
        Assert.Contains("My name is Ada.", mistral.Requests[1].Body, StringComparison.Ordinal);
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
}
