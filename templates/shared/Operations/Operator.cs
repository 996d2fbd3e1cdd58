using System.CommandLine;
using Acme.App.Configuration;
using Acme.App.Operations.Doctor;
using Spectre.Console;

namespace Acme.App.Operations;

/// <summary>What an operator runs instead of the program. It is read before the host starts, so it never opens a port.</summary>
internal static class Operator
{
    // Known by name, so that the program's own start does without making them.
    private static readonly string[] Names = ["doctor", "keys", "audit"];

    /// <summary>Runs a command, and refuses one that does not come first: the program must not start, and open a port, in its stead.</summary>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="build">Composes the program as it would run, without starting it.</param>
    /// <param name="ownCommands">The commands of the kind's own rooms.</param>
    /// <returns>The exit code, or nothing when the arguments are settings alone.</returns>
    public static async Task<int?> RunAsync(string[] arguments, Func<IHost> build, params Command[] ownCommands)
    {
        if (await RunCommandAsync(arguments, build, ownCommands) is { } exitCode)
            return exitCode;
        if (!Words(arguments).Any(word => IsCommand(word, ownCommands)))
            return null;

        await Console.Error.WriteLineAsync("A command comes first on the command line, before any setting: see 'doctor --help'.");
        return (int)ExitCode.Usage;
    }

    /// <summary>Runs a command, for a program whose own command line reads everything else.</summary>
    /// <returns>The exit code, or nothing when the first argument names none.</returns>
    public static async Task<int?> RunCommandAsync(string[] arguments, Func<IHost> build, params Command[] ownCommands)
    {
        if (arguments.Length == 0 || !IsCommand(arguments[0], ownCommands))
            return null;

        var root = new RootCommand("Commands for whoever runs the program.");
        foreach (var command in Commands(build).Concat(ownCommands))
            root.Add(command);

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });

        // The parser's own message repeats the argument, which may be a key that someone typed there.
        await Console.Error.WriteLineAsync($"The command line is not complete or holds something unknown. See '{arguments[0]} --help'.");
        return (int)ExitCode.Usage;
    }

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

    private static bool IsCommand(string word, Command[] ownCommands) => Names.Concat(ownCommands.Select(command => command.Name)).Contains(word);

    /// <summary>What belongs to no setting, <c>--name value</c> or <c>name=value</c>; .NET's configuration passes over it.</summary>
    private static IEnumerable<string> Words(string[] arguments)
    {
        for (var index = 0; index < arguments.Length; index++)
        {
            if (arguments[index] is ['-' or '/', ..])
                index += arguments[index].Contains('=') ? 0 : 1;
            else
                yield return arguments[index];
        }
    }
}
