namespace MistralTemplates.Harness;

/// <summary>
/// Many projects in one call of dotnet: they share the restore, the build's nodes and a warm compiler, which takes a fraction of the time that
/// a call for each would take. A project that fails does not keep the others from being looked at.
/// </summary>
public sealed class Batch
{
    /// <summary>For code that is compiled with its analyzers elsewhere.</summary>
    public const string WithoutAnalyzers = "-p:RunAnalyzers=false";

    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(20);

    private readonly CommandResult _result;

    private Batch(CommandResult result) => _result = result;

    /// <summary>Builds with warnings as errors.</summary>
    /// <param name="folder">Where the solution is written that holds all projects.</param>
    /// <param name="projects">The projects' files, below <paramref name="folder"/>.</param>
    /// <param name="options">More arguments of the build.</param>
    public static async Task<Batch> BuildAsync(string folder, IEnumerable<string> projects, CancellationToken cancellationToken, params string[] options)
    {
        var solution = await WriteSolutionAsync(folder, projects, cancellationToken);
        return await RunAsync(folder, ["build", solution, "-nologo", "-v:minimal", "-warnaserror", "-warnnotaserror:NU1900,NU1901,NU1902,NU1903,NU1904", .. options], cancellationToken);
    }

    /// <summary>What <c>dotnet format</c> would change of the white space in a folder; style and analyzers are in the build.</summary>
    public static Task<Batch> VerifyFormatAsync(string folder, CancellationToken cancellationToken) =>
        RunAsync(folder, ["format", "whitespace", folder, "--folder", "--verify-no-changes"], cancellationToken);

    /// <summary>What was said against the projects below a folder, or against all of them.</summary>
    public IReadOnlyList<string> ComplaintsAbout(string folder)
    {
        var errors = (_result.Output + "\n" + _result.Error).Split('\n').Where(line => line.Contains(": error", StringComparison.Ordinal)).Distinct().ToArray();
        if (_result.ExitCode != 0 && errors.Length == 0)
            return [$"dotnet ended with exit code {_result.ExitCode}.\n{_result.Output}\n{_result.Error}"];
        return [.. errors.Where(line => line.Contains(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !line.Contains("proj", StringComparison.Ordinal))];
    }

    private static async Task<Batch> RunAsync(string folder, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        new(await Command.RunAsync("dotnet", arguments, folder, s_timeLimit, cancellationToken));

    private static async Task<string> WriteSolutionAsync(string folder, IEnumerable<string> projects, CancellationToken cancellationToken)
    {
        var solution = Path.Combine(folder, "All.slnx");
        // Each in a folder of its own, because several bear the same name.
        var entries = projects.Select((project, index) => $"""  <Folder Name="/{index}/"><Project Path="{Escape(Path.GetRelativePath(folder, project))}" /></Folder>""");
        await File.WriteAllTextAsync(solution, $"<Solution>\n{string.Join('\n', entries)}\n</Solution>\n", cancellationToken);
        return solution;
    }

    private static string Escape(string path) => System.Security.SecurityElement.Escape(path.Replace('\\', '/'));
}
