using System.ComponentModel;
using System.Text;

namespace Acme.App.Operations.Doctor;

/// <summary>A repository, asked by its own program: only git knows what it ignores, tracks and remembers.</summary>
/// <param name="Top">The folder with the work tree.</param>
/// <param name="IsShallow">Whether the history is cut off.</param>
internal sealed record GitRepository(string Top, bool IsShallow)
{
    private static readonly string[] s_ofCallers =
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"];

    /// <param name="folder">A folder in the repository.</param>
    /// <param name="isDemanded">Whether it is an error that there is no repository, or no git.</param>
    /// <returns>Nothing where there is no repository or no git.</returns>
    /// <exception cref="DoctorInputException">The repository cannot be read, or it is demanded and not there.</exception>
    public static GitRepository? Open(string folder, bool isDemanded, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
            throw new DoctorInputException($"The folder '{folder}' does not exist.");

        try
        {
            using var git = Start(folder, ["rev-parse", "--is-shallow-repository", "--show-cdup", "--show-toplevel"], [], cancellationToken);
            var lines = git.Text.ReadToEnd().Split('\n');
            if (git.End(out var error) == 0 && lines is [var shallow, var way, var top, ""])
                return new GitRepository(AsGiven(folder, way, top, cancellationToken), shallow == "true");
            if (error.Contains("dubious ownership", StringComparison.Ordinal))
                throw new DoctorInputException(
                    $"The repository around '{folder}' belongs to another user, and git does not read it. "
                    + "If you trust it, run 'git config --global --add safe.directory' with its folder.");
            if (isDemanded || HasMarker(folder))
                throw new DoctorInputException(
                    $"'{folder}' is not in a git repository that can be read: {Said(error)} "
                    + "Name a folder in one, with a work tree, that your user may read.");
            return null;
        }
        catch (Win32Exception)
        {
            return isDemanded ? throw new DoctorInputException("The program git was not found. Install it, or put it on the PATH.") : null;
        }
    }

    /// <summary>Has the folder say which repository is meant, and not the git that runs this program as another repository's hook.</summary>
    public static void ForgetCallers()
    {
        foreach (var name in s_ofCallers)
            Environment.SetEnvironmentVariable(name, null);
    }

    /// <summary>Whether versions of files may be missing, because the clone left them with its origin.</summary>
    public bool IsPartial(CancellationToken cancellationToken) =>
        List(["config", "-z", "--get-regexp", @"^remote\..*\.promisor$"], cancellationToken).Length > 0;

    /// <summary>The output of a command, split where it wrote a NUL.</summary>
    public string[] List(string[] arguments, CancellationToken cancellationToken, params string[] input)
    {
        using var git = Start(arguments, input, cancellationToken);
        var output = git.Text.ReadToEnd();
        // check-ignore says by 1 that it ignores none.
        return git.End(out var error) == 0 || (error.Length == 0 && output.Length == 0)
            ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : throw Broken(error);
    }

    /// <summary>The parts of an output between its NULs, as they come.</summary>
    public static IEnumerable<string> SplitAtNul(TextReader output)
    {
        var (buffer, part) = (new char[16 * 1024], new StringBuilder());
        while (output.Read(buffer) is > 0 and var read)
        {
            var start = 0;
            while (Array.IndexOf(buffer, '\0', start, read - start) is var end and >= 0)
            {
                yield return part.Append(buffer, start, end - start).ToString();
                part.Clear();
                start = end + 1;
            }

            part.Append(buffer, start, read - start);
        }

        if (part.Length > 0)
            yield return part.ToString();
    }

    public ToolRun Start(string[] arguments, IEnumerable<string> input, CancellationToken cancellationToken) => Start(Top, arguments, input, cancellationToken);

    /// <exception cref="DoctorInputException">It failed.</exception>
    public static void EndWell(ToolRun git)
    {
        if (git.End(out var error) != 0)
            throw Broken(error);
    }

    /// <summary>A line of what git writes between contents of files.</summary>
    public static string ReadLine(Stream stream)
    {
        var line = new StringBuilder();
        for (var next = stream.ReadByte(); next is >= 0 and not '\n'; next = stream.ReadByte())
            line.Append((char)next);
        return line.ToString();
    }

    public static DoctorInputException Broken(string error) =>
        new($"The repository cannot be read: {Said(error)} Run 'git fsck', and see that your user may read all of it.");

    private static string Said(string error) =>
        error.Split('\n') is [{ Length: > 0 } line, ..] ? $"git says \"{line.TrimEnd('.', '\r')}\"." : "git says nothing more.";

    private static ToolRun Start(string folder, string[] arguments, IEnumerable<string> input, CancellationToken cancellationToken) =>
        new("git", ["-C", folder, "--no-pager", "-c", "core.fsmonitor=false", .. arguments], input, cancellationToken);

    /// <summary>
    /// The top as the folder's own name begins: git resolves links and drives and writes '/', so that nothing would seem to lie below it.
    /// </summary>
    private static string AsGiven(string folder, string way, string top, CancellationToken cancellationToken)
    {
        var (given, resolved) = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(way, Path.GetFullPath(folder))), Path.GetFullPath(top));
        if (given == resolved || !Directory.Exists(given))
            return resolved;
        // Behind a link in the midst of the name another repository may lie, or another folder of this one.
        using var git = Start(given, ["rev-parse", "--show-cdup", "--show-toplevel"], [], cancellationToken);
        var answer = git.Text.ReadToEnd();
        return git.End(out _) == 0 && answer == $"\n{top}\n" ? given : resolved;
    }

    private static bool HasMarker(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            if (Path.Exists(Path.Combine(at.FullName, ".git")))
                return true;
        return false;
    }
}
