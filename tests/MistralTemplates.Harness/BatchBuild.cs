namespace MistralTemplates.Harness;

/// <summary>
/// Many projects built by one call, warnings as errors: they share the restore, the build's nodes and a warm compiler, which takes a fraction of the time that
/// a call for each would take. A project that fails does not keep the others from being built.
/// </summary>
public sealed class BatchBuild
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(20);

    private readonly string[] _lines;

    private BatchBuild(string output) => _lines = output.Split('\n');

    /// <param name="folder">Where the solution is written that holds all projects.</param>
    /// <param name="projects">The projects' files, below <paramref name="folder"/>.</param>
    public static async Task<BatchBuild> RunAsync(string folder, IEnumerable<string> projects, CancellationToken cancellationToken)
    {
        var solution = Path.Combine(folder, "All.slnx");
        // Each in a folder of its own, because several bear the same name.
        var entries = projects.Select((project, index) => $"""  <Folder Name="/{index}/"><Project Path="{Escape(Path.GetRelativePath(folder, project))}" /></Folder>""");
        await File.WriteAllTextAsync(solution, $"<Solution>\n{string.Join('\n', entries)}\n</Solution>\n", cancellationToken);
        var result = await Command.RunAsync(
            "dotnet", ["build", solution, "-nologo", "-v:minimal", "-warnaserror", "-warnnotaserror:NU1901,NU1902,NU1903,NU1904"], folder, s_timeLimit, cancellationToken);
        return new BatchBuild(result.Output + "\n" + result.Error);
    }

    /// <summary>What the build had to say against the projects below a folder, or against all of them.</summary>
    public IReadOnlyList<string> ComplaintsAbout(string folder) =>
        [.. _lines.Where(line => line.Contains(": error", StringComparison.Ordinal) || line.Contains("MSBUILD : error", StringComparison.Ordinal))
            .Where(line => line.Contains(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !line.Contains("proj", StringComparison.Ordinal))
            .Distinct()];

    private static string Escape(string path) => System.Security.SecurityElement.Escape(path.Replace('\\', '/'));
}
