using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Text;
using Acme.App.Configuration;

namespace Acme.App.Terminal;

/// <summary><c>chat</c>: one question and its answer, or a conversation.</summary>
internal sealed class ChatCommand
{
    public const string Examples = """
        A conversation; /help shows its commands:
          NAME chat
        One question:
          NAME chat "What is a nonce?"
        A question from a pipe:
          git diff | NAME chat - -s "Review this"
        A file, and an answer for programs:
          NAME chat "Summarise" -f notes.txt --json

        """;

    private const string StandardInput = "-";
    private const int MaxCharacters = 4 * 1024 * 1024;

    private readonly Argument<string?> _question = new("question")
    {
        Description = "What to ask. '-' reads it from standard input; without it a conversation begins.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _model =
        new("--model", "-m") { Description = "The model, one of Policy:AllowedModels. The default is Mistral:Model.", HelpName = "name" };
    private readonly Option<string?> _system =
        new("--system", "-s") { Description = "What the model is told before all messages: \"Answer in French.\"", HelpName = "text" };
    private readonly Option<FileInfo[]> _files =
        new("--file", "-f") { Description = "A text file to put behind the question; may be given more than once.", HelpName = "path" };
    private readonly Option<int?> _maxTokens = Number<int>("The most tokens that the answer may have.", "200", "--max-tokens");
    private readonly Option<float?> _temperature =
        Number<float>("How freely the model chooses its words: 0 is the most predictable.", "0.3", "--temperature", "-t");
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object with the answer, the model and the tokens." };

    private ChatCommand() => _files.AcceptExistingOnly();

    /// <param name="start">Starts the program when the command runs: help needs none of it.</param>
    public static Command Create(Func<CancellationToken, Task<IHost>> start)
    {
        var chat = new ChatCommand();
        var command = new Command("chat", "Asks Mistral, once or in a conversation. The answer alone goes to standard output.")
        {
            chat._question, chat._model, chat._system, chat._files, chat._maxTokens, chat._temperature, chat._json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(chat._json) && result.GetValue(chat._question) is null && result.GetResult(chat._files) is null)
                result.AddError("--json needs a question.");
            if (result.GetValue(chat._question) is ['-', _, ..] question && !question.Any(char.IsWhiteSpace))
                result.AddError($"There is no option '{question}'. If it is the question, give it through standard input: chat -");
        });
        command.SetAction(async (result, cancellationToken) =>
        {
            using var host = await start(cancellationToken);
            try
            {
                return (int)await chat.RunAsync(result, host.Services, cancellationToken);
            }
            finally
            {
                // Also where nobody can be told any more: it ends the audit.
                await host.StopAsync(CancellationToken.None);
            }
        });
        return command;
    }

    private async Task<ExitCode> RunAsync(ParseResult result, IServiceProvider services, CancellationToken cancellationToken)
    {
        var conversation = services.GetRequiredService<Conversation>();
        conversation.Model = result.GetValue(_model) ?? conversation.Model;
        conversation.System = result.GetValue(_system);
        conversation.Temperature = result.GetValue(_temperature);
        conversation.MaxTokens = result.GetValue(_maxTokens);

        var terminal = services.GetRequiredService<ChatTerminal>();
        string? question;
        try
        {
            question = await QuestionAsync(result, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            ChatTerminal.Note(exception.Message);
            return ExitCode.Usage;
        }

        if (question is null)
            return await services.GetRequiredService<Talk>().RunAsync(cancellationToken);
        var answer = await terminal.AskAsync(conversation, question, result.GetValue(_json), cancellationToken);
        return answer is { Failure: null, IsStopped: false } ? ExitCode.Success : ExitCode.CheckFailed;
    }

    private async Task<string?> QuestionAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var parts = new List<string>();
        if (result.GetValue(_question) is { } question)
            parts.Add(question == StandardInput ? (await ReadStandardInputAsync(cancellationToken)).TrimEnd() : question);
        foreach (var file in result.GetValue(_files) ?? [])
            parts.Add(Directory.Exists(file.FullName)
                ? throw new IOException($"'{file}' is a folder. Name a file.")
                : await ReadAsync(file.OpenRead(), file.Name, cancellationToken));

        return parts.Count == 0 ? null : string.Join("\n\n", parts);
    }

    // The library's own parser reads numbers as the user's country writes them, and speaks of its types.
    private static Option<T?> Number<T>(string description, string example, string name, params string[] aliases)
        where T : struct, INumberBase<T> => new(name, aliases)
        {
            Description = description,
            HelpName = "number",
            CustomParser = result =>
            {
                if (T.TryParse(result.Tokens[^1].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
                    return number;
                result.AddError($"{name} takes a number, for example {example}.");
                return null;
            },
        };

    private static Task<string> ReadStandardInputAsync(CancellationToken cancellationToken) =>
        ReadAsync(Console.OpenStandardInput(), "Standard input", cancellationToken);

    // Reads to a bound far above any request's limit, so that the limit's own message is what a long text gets.
    private static async Task<string> ReadAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        using var reader = ChatTerminal.OpenText(stream);
        var text = new StringBuilder();
        var buffer = new char[8192];
        try
        {
            while (text.Length < MaxCharacters && await reader.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                text.Append(buffer, 0, read);
        }
        catch (DecoderFallbackException)
        {
            throw new IOException(ChatTerminal.NoText(name));
        }

        return text.ToString();
    }
}
