using System.CommandLine;
using Acme.App.Configuration;

namespace Acme.App.Terminal;

/// <summary><c>completion</c>: a script by which a shell asks this program how a line can go on.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _NAME_complete() {
          local IFS=$'\n'
          COMPREPLY=( $(compgen -W "$(NAME "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null | tr -d '\r')" -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o default -F _NAME_complete NAME
        """;

    private const string Zsh = """
        (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
        _NAME_complete() {
          compadd -- ${(f)"$(NAME "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)"}
          _files
        }
        compdef _NAME_complete NAME
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName NAME -ScriptBlock {
            param($word, $line, $position)
            NAME "[suggest:$position]" "$line" | Where-Object { $_ -like "$word*" }
        }
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "pwsh");
        var command = new Command(
            "completion", $"Prints a script by which a shell completes command lines; for bash: source <({TerminalCommandLine.Name} completion bash)")
        {
            shell,
        };
        command.SetAction(result =>
        {
            var script = result.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => PowerShell };
            // Shells take a carriage return for a part of the word, on Windows as well.
            Console.Out.Write(script.Replace("NAME", TerminalCommandLine.Name, StringComparison.Ordinal).ReplaceLineEndings("\n") + "\n");
            return (int)ExitCode.Success;
        });
        return command;
    }
}
