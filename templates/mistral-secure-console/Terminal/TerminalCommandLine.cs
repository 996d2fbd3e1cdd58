using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Acme.App.Configuration;

namespace Acme.App.Terminal;

/// <summary>The program's own command line, for people: what it does not take, it names.</summary>
internal static class TerminalCommandLine
{
    /// <summary>
    /// What the program is called by. Of a single file whose name holds dots, System.CommandLine takes what follows the last one for an extension.
    /// </summary>
    public static string Name { get; } = Path.GetFileName(Environment.ProcessPath) is { } file && !file.StartsWith("dotnet", StringComparison.OrdinalIgnoreCase)
        ? (OperatingSystem.IsWindows() ? Path.GetFileNameWithoutExtension(file) : file)
        : RootCommand.ExecutableName;

    /// <param name="start">Starts the program when a command needs it.</param>
    /// <param name="others">Commands that are run elsewhere, for help and completion.</param>
    public static async Task<int> RunAsync(string[] arguments, Func<CancellationToken, Task<IHost>> start, Func<IEnumerable<Command>> others)
    {
        var root = new RootCommand("Chats with Mistral AI. Begin with: chat \"Hello\"") { ChatCommand.Create(start), CompletionCommand.Create() };
        if (Name != root.Name)
            root.Aliases.Add(Name);
        // A chat starts sooner without them.
        if (arguments is not ["chat", ..])
            others().ToList().ForEach(root.Add);

        if (root.Options.OfType<HelpOption>().Single() is { Action: SynchronousCommandLineAction help } option)
            option.Action = new HelpWithExamples(help);

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });

        foreach (var error in parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            await Console.Error.WriteLineAsync(Guards.TerminalText.Clean(error));
        var command = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
        await Console.Error.WriteLineAsync($"See '{Name} {command}--help'.");
        return (int)ExitCode.Usage;
    }

    private sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command.Name == "chat")
                parseResult.InvocationConfiguration.Output.WriteLine(ChatCommand.Examples.Replace("NAME", Name, StringComparison.Ordinal));
            return exitCode;
        }
    }
}
