namespace Acme.App.Configuration;

/// <summary>
/// Where the settings, <c>.env</c> and relative data paths start: never the caller's working directory, so that the
/// program does the same wherever it is started from.
/// </summary>
internal sealed class ProgramHome
{
    private const int MaxLevels = 6;

    private ProgramHome(string folder, string[] arguments)
    {
        Folder = folder;
        Problems = SettingsFiles.FindMalformed(folder);

        // The builder's own reading throws on the first malformed file; from the file system's root it finds none, and
        // AddConfiguration reads the real ones, so that the report names everything at once.
        ContentRoot = Problems.Count == 0 ? folder : Path.GetPathRoot(folder)!;
        Arguments = ["--hostBuilder:reloadConfigOnChange=false", .. EnvironmentOfTheWebHost(), .. arguments];
    }

    /// <summary>The folder itself.</summary>
    public string Folder { get; }

    /// <summary>What to give the host's builder as its content root.</summary>
    public string ContentRoot { get; }

    /// <summary>What to give the host's builder as its arguments: no file is watched, because settings hold from start to end.</summary>
    public string[] Arguments { get; }

    /// <summary>The settings files that cannot be read as JSON.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems { get; }

    /// <summary>
    /// An explicit content root wins (<c>--contentRoot</c>, then <c>DOTNET_CONTENTROOT</c> and <c>ASPNETCORE_CONTENTROOT</c>);
    /// then the project's folder above the built program, while developing; else the program's own folder.
    /// </summary>
    public static ProgramHome Find(string[] arguments)
    {
        var chosen = FromArguments(arguments)
            ?? Environment.GetEnvironmentVariable("DOTNET_CONTENTROOT")
            ?? Environment.GetEnvironmentVariable("ASPNETCORE_CONTENTROOT");
        return new ProgramHome(string.IsNullOrEmpty(chosen) ? Above(AppContext.BaseDirectory) : Path.GetFullPath(chosen), arguments);
    }

    public static ProgramHome At(string folder) => new(folder, []);

    internal static string Above(string programFolder)
    {
        var folder = new DirectoryInfo(programFolder);
        for (var level = 0; folder is not null && level <= MaxLevels; level++, folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, SettingsFiles.Base)) && folder.EnumerateFiles("*.csproj").Any())
                return folder.FullName;
        }

        return programFolder;
    }

    // Only a web host reads ASPNETCORE_ENVIRONMENT; an operator's command must see the same environment as the program.
    private static string[] EnvironmentOfTheWebHost() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")) && Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is { Length: > 0 } name
            ? ["--environment=" + name]
            : [];

    private static string? FromArguments(string[] arguments)
    {
        const string option = "--contentRoot";
        for (var index = 0; index < arguments.Length; index++)
        {
            if (arguments[index].Equals(option, StringComparison.OrdinalIgnoreCase) && index + 1 < arguments.Length)
                return arguments[index + 1];
            if (arguments[index].StartsWith(option + "=", StringComparison.OrdinalIgnoreCase))
                return arguments[index][(option.Length + 1)..];
        }

        return null;
    }
}
