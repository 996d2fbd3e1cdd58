using System.CommandLine;
using Acme.App.Auditing;
using Acme.App.Configuration;

namespace Acme.App.Terminal;

/// <summary><c>chat</c>: one question and its answer, or a conversation.</summary>
internal static class ChatCommand
{
    private const string StandardInput = "-";

    /// <param name="start">Starts the program when the command runs: help needs none of it.</param>
    public static Command Create(Func<CancellationToken, Task<IHost>> start)
    {
        var question = new Argument<string?>("question")
        {
            Description = "What to ask. '-' reads it from standard input; without it a conversation begins.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("chat", "Asks Mistral, once or in a conversation.") { question };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var host = await start(cancellationToken);
            var code = await RunAsync(host.Services.GetRequiredService<Conversation>(), result.GetValue(question), cancellationToken);
            await host.StopAsync(CancellationToken.None);
            return (int)code;
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(Conversation conversation, string? question, CancellationToken cancellationToken)
    {
        if (question == StandardInput)
            question = await Console.In.ReadToEndAsync(cancellationToken);

        return question is null
            ? await TalkAsync(conversation, cancellationToken)
            : await AskAsync(conversation, question, cancellationToken);
    }

    private static async Task<ExitCode> TalkAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync("Ask, and press Enter. An empty line ends the conversation.");
        while (true)
        {
            await Console.Error.WriteAsync("> ");
            if (await Console.In.ReadLineAsync(cancellationToken) is not { Length: > 0 } question)
                return ExitCode.Success;

            await AskAsync(conversation, question, cancellationToken);
        }
    }

    private static async Task<ExitCode> AskAsync(Conversation conversation, string question, CancellationToken cancellationToken)
    {
        if (await conversation.AskAsync(question, Console.Out, cancellationToken) is not { } failure)
            return ExitCode.Success;

        await Console.Error.WriteLineAsync(failure.Message);
        foreach (var (field, problems) in failure.Fields ?? new Dictionary<string, string[]>())
            await Console.Error.WriteLineAsync($"  {field}: {string.Join(' ', problems)}");
        return ExitCode.CheckFailed;
    }
}
