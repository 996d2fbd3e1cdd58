using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Acme.App.Operations.Doctor;

/// <summary>A repository, asked by its own program: only git knows what it ignores, tracks and remembers.</summary>
internal sealed class GitRepository
{
    private readonly string _folder;

    private GitRepository(string folder) => _folder = folder;

    /// <summary>The folder with the work tree.</summary>
    public string Top { get; private init; } = "";

    /// <summary>Whether the history is cut off.</summary>
    public bool IsShallow { get; private init; }

    /// <param name="folder">A folder in the repository.</param>
    /// <param name="isDemanded">Whether it is an error that there is no repository, or no git.</param>
    /// <returns>Nothing where there is no repository or no git.</returns>
    /// <exception cref="DoctorInputException">The repository cannot be read, or it is demanded and not there.</exception>
    public static async Task<GitRepository?> OpenAsync(string folder, bool isDemanded, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
            throw new DoctorInputException($"The folder '{folder}' does not exist.");

        var repository = new GitRepository(folder);
        try
        {
            var (exitCode, output, error) = await repository.TryRunAsync(["rev-parse", "--is-shallow-repository", "--show-toplevel"], "", cancellationToken);
            var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (exitCode == 0 && lines.Length == 2)
                return new GitRepository(lines[1]) { Top = lines[1], IsShallow = lines[0] == "true" };
            if (isDemanded || HasMarker(folder))
                throw new DoctorInputException($"'{folder}' is not in a git repository that can be read: {FirstLine(error)} Name a folder in one, with a work tree, that your user may read.");
            return null;
        }
        catch (Win32Exception)
        {
            return isDemanded ? throw new DoctorInputException("The program git was not found. Install it, or put it on the PATH.") : null;
        }
    }

    /// <summary>The output of a command, split where it wrote a NUL.</summary>
    public async Task<string[]> ListAsync(string[] arguments, CancellationToken cancellationToken, string input = "")
    {
        var (exitCode, output, error) = await TryRunAsync(arguments, input, cancellationToken);
        // check-ignore says by 1 that it ignores none.
        return exitCode == 0 || (exitCode == 1 && error.Length == 0) ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries) : throw Broken(error);
    }

    /// <summary>Starts a command whose output is read while it runs.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-C", _folder, "--no-pager", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        // Git needs none of the program's keys, and must not wait for anybody. What a hook tells git, its index above all, stays.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MISTRAL", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["GIT_OPTIONAL_LOCKS"] = "0";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_NO_LAZY_FETCH"] = "1";
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }

    public static DoctorInputException Broken(string error) =>
        new($"The repository cannot be read: {FirstLine(error)} Run 'git fsck', and see that your user may read all of it.");

    private async Task<(int ExitCode, string Output, string Error)> TryRunAsync(string[] arguments, string input, CancellationToken cancellationToken)
    {
        using var git = Start(arguments);
        var error = git.StandardError.ReadToEndAsync(cancellationToken);
        var output = git.StandardOutput.ReadToEndAsync(cancellationToken);
        await git.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        git.StandardInput.Close();
        await git.WaitForExitAsync(cancellationToken);
        return (git.ExitCode, await output, await error);
    }

    private static bool HasMarker(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            if (Path.Exists(Path.Combine(at.FullName, ".git")))
                return true;
        return false;
    }

    private static string FirstLine(string error) => error.Split('\n') is [{ Length: > 0 } line, ..] ? $"git says \"{line.TrimEnd('.', '\r')}\"." : "git says nothing more.";
}
