using System.Text;
using Acme.App.Configuration;
using Acme.App.Mistral;
using Microsoft.Extensions.Options;

namespace Acme.App.Terminal;

/// <summary>The conversation at a terminal: messages, and the commands that begin with a slash.</summary>
internal sealed class Talk(Conversation conversation, ChatTerminal terminal, IOptions<PolicyOptions> policy, IOptions<MistralOptions> mistral)
{
    private const string Help = """
        /model NAME   asks another model; alone, shows the model and those allowed
        /system TEXT  tells the model how to answer; alone, takes it back
        /clear        forgets what was said
        /save FILE    writes the conversation to a new file, as Markdown
        /help         shows this
        /exit         leaves, as Ctrl+D does
        Ctrl+C stops an answer, or takes back what is typed; on an empty line it leaves.
        """;

    private bool _allAnswered = true;

    /// <returns>Success at a terminal, whose user has seen what failed; from a pipe, only when every question was answered.</returns>
    public async Task<ExitCode> RunAsync(CancellationToken cancellationToken)
    {
        var partner = mistral.Value.Offline ? "the offline stand-in; no model is asked" : conversation.Model;
        ChatTerminal.Note($"You talk to {partner}. /help shows the commands, /exit leaves.");
        var draft = "";
        try
        {
            while (!terminal.IsLeaving && terminal.ReadLine(draft) is { } line)
            {
                draft = "";
                var words = line.Trim().Split(' ', 2, StringSplitOptions.TrimEntries);
                if (words[0] is "/exit" or "/quit")
                    break;
                if (words[0] is ['/', _, ..] && words[0].Skip(1).All(char.IsAsciiLetter))
                    await CommandAsync(words[0], words.Length > 1 ? words[1] : "", cancellationToken);
                else if (words[0].Length > 0)
                    draft = await AskAsync(line, cancellationToken);
            }
        }
        catch (DecoderFallbackException)
        {
            ChatTerminal.Note(ChatTerminal.NoText("Standard input"));
            return ExitCode.Usage;
        }

        return _allAnswered || terminal.CanEdit ? ExitCode.Success : ExitCode.CheckFailed;
    }

    /// <returns>What the user may edit and send again.</returns>
    private async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        var answer = await terminal.AskAsync(conversation, question, asJson: false, cancellationToken);
        _allAnswered &= answer is { Failure: null, IsStopped: false };
        if (answer.Failure?.Fields?.ContainsKey("messages") is true && conversation.Messages.Count > 0)
        {
            ChatTerminal.Note("This conversation is full: /save FILE keeps it, /clear begins a new one.");
            return terminal.CanEdit ? question : "";
        }

        if (answer.Failure is null || !terminal.CanEdit)
            return "";
        ChatTerminal.Note("Your message was not answered. Edit it, or delete it with Ctrl+U.");
        return question;
    }

    private async Task CommandAsync(string command, string value, CancellationToken cancellationToken)
    {
        switch (command)
        {
            case "/model":
                ChooseModel(value);
                break;
            case "/system":
                conversation.System = value;
                ChatTerminal.Note(value.Length > 0 ? "The model is told this from now on." : "The system message is taken back.");
                break;
            case "/clear":
                conversation.Clear();
                ChatTerminal.Note("What was said is forgotten.");
                break;
            case "/save":
                await SaveAsync(value, cancellationToken);
                break;
            case "/help":
                ChatTerminal.Note(Help);
                break;
            default:
                Refuse("There is no such command. /help shows them all.");
                break;
        }
    }

    private void Refuse(string why)
    {
        _allAnswered = false;
        ChatTerminal.Note(why);
    }

    private void ChooseModel(string name)
    {
        var allowed = policy.Value.AllowedModels;
        if (allowed.Contains(name, StringComparer.Ordinal))
            conversation.Model = name;
        else if (name.Length > 0)
            Refuse("The model is not on this environment's list.");
        ChatTerminal.Note($"Model: {conversation.Model}. Allowed: {string.Join(", ", allowed)}.");
    }

    private async Task SaveAsync(string path, CancellationToken cancellationToken)
    {
        if (path.Length == 0)
        {
            Refuse("Name the file: /save FILE.");
            return;
        }

        var isBegun = false;
        try
        {
            // What was said may be confidential: a new file, for its owner alone.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using (var file = new StreamWriter(path, options))
            {
                isBegun = true;
                foreach (var message in conversation.Messages)
                    await file.WriteAsync($"## {message.Role}\n\n{message.Content}\n\n".AsMemory(), cancellationToken);
            }

            ChatTerminal.Note($"Saved {conversation.Messages.Count} messages.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Refuse(!isBegun && Path.Exists(path)
                ? "There is such a file already. Choose another name." : "The file cannot be written. Choose another place.");
            if (isBegun)
                File.Delete(path);
        }
    }
}
