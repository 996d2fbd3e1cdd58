using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Acme.App.Configuration;
using Acme.App.Operations.Doctor;
using Spectre.Console;

namespace Acme.App.Operations;

/// <summary>What an operator runs instead of the program. It is read before the host starts, so it never opens a port.</summary>
internal static class Operator
{
    // Known by name, so that the program's own start does without making them.
    private static readonly string[] s_names = ["doctor", "keys", "audit"];

    /// <summary>
    /// Runs a command or shows the help, and refuses any other word, or a command after a setting: the program must not start, and open
    /// a port, in its stead.
    /// </summary>
    /// <param name="build">Composes the program as it would run, without starting it.</param>
    /// <param name="ownCommands">The commands of the kind's own rooms.</param>
    /// <returns>The exit code, or nothing when the arguments are settings alone.</returns>
    public static async Task<int?> RunAsync(string[] arguments, Func<IHost> build, params Command[] ownCommands)
    {
        if (arguments is ["--help" or "-h" or "-?" or "--version", ..])
            return await InvokeAsync([arguments[0]], build, ownCommands);
        if (await RunCommandAsync(arguments, build, ownCommands) is { } exitCode)
            return exitCode;
        if (!HasWord(arguments))
            return null;

        await Console.Error.WriteLineAsync(
            "The command line holds something that is neither a command, which comes first, nor a setting such as '--Audit:Path FILE'. See '--help'.");
        return (int)ExitCode.Usage;
    }

    /// <summary>Runs a command, for a program whose own command line reads everything else.</summary>
    /// <returns>The exit code, or nothing when the first argument names none.</returns>
    public static async Task<int?> RunCommandAsync(string[] arguments, Func<IHost> build, params Command[] ownCommands) =>
        arguments is [var first, ..] && s_names.Concat(ownCommands.Select(command => command.Name)).Contains(first)
            ? await InvokeAsync(arguments, build, ownCommands)
            : null;

    /// <summary>The commands themselves, for a program whose help shows them beside its own.</summary>
    public static Command[] Commands(Func<IHost> build)
    {
        // Results go to standard output; prompts and progress go to standard error, out of the way of a pipe.
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return
        [
            DoctorCommand.Create(build, Console.Out, AnsiConsole.Console, Console.Error),
            KeysCommand.Create(build, Console.Out, terminal),
            AuditCommand.Create(() => build().Services, AnsiConsole.Console, terminal),
        ];
    }

    private static async Task<int> InvokeAsync(string[] arguments, Func<IHost> build, Command[] ownCommands)
    {
        var root = new RootCommand("Without a command the program starts, with settings such as --Audit:Path FILE.");
        foreach (var command in Commands(build).Concat(ownCommands))
            root.Add(command);

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count == 0)
            return await InvokeAsync(parsed);

        // The parser's own message repeats the argument, which may be a key that someone typed there.
        var option = parsed.Errors.SelectMany(error => new[] { error.SymbolResult, error.SymbolResult?.Parent }).OfType<OptionResult>().FirstOrDefault();
        var wrong = option is null
            ? "The command line is not complete or holds something unknown."
            : $"'{option.Option.Name}' has no value that it takes.";
        var names = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command && command != parsed.RootCommandResult; at = at.Parent)
            names.Insert(0, command.Command.Name);
        await Console.Error.WriteLineAsync($"{wrong} See '{string.Join(' ', names)} --help'.");
        return (int)ExitCode.Usage;
    }

    private static async Task<int> InvokeAsync(ParseResult parsed)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Stop(stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Stop(stop));
        try
        {
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, stop.Token);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return (int)ExitCode.CheckFailed;
        }
    }

    /// <summary>Whether something belongs to no setting, <c>--name value</c> or <c>name=value</c>; .NET's configuration passes over it.</summary>
    private static bool HasWord(string[] arguments)
    {
        for (var index = 0; index < arguments.Length; index++)
        {
            // Of one dash .NET's configuration makes an exception that quotes what follows.
            if (arguments[index] is ['-', not '-', ..])
                return true;
            var isSetting = arguments[index].Contains('=');
            if (!isSetting && arguments[index] is not ['-' or '/', ..])
                return true;
            index += isSetting ? 0 : 1;
        }

        return false;
    }
}
