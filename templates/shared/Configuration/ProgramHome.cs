using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Configuration.Json;

namespace Acme.App.Configuration;

/// <summary>
/// Where the settings, <c>.env</c> and relative data paths start: never the caller's working directory, so that the
/// program does the same wherever it is started from.
/// </summary>
internal sealed class ProgramHome
{
    public const string SettingsFile = "appsettings.json";

    private const int MaxLevels = 6;

    private ProgramHome(string folder, string[] arguments)
    {
        Folder = folder;
        var name = Assembly.GetEntryAssembly()?.GetName().Name;
        Problems = [.. FilesOf("appsettings*.json").Select(Check).OfType<ConfigurationProblem>(), .. FilesOf($"{name}.settings*.json").Select(Refuse)];

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
    /// then the project's folder around the built program, while developing; else the program's own folder.
    /// </summary>
    public static ProgramHome Find(string[] arguments)
    {
        var host = new ConfigurationBuilder().AddEnvironmentVariables("ASPNETCORE_").AddEnvironmentVariables("DOTNET_").AddCommandLine(arguments).Build();
        var chosen = host["contentRoot"];
        if (string.IsNullOrEmpty(chosen))
            return new ProgramHome(Above(AppContext.BaseDirectory), arguments);
        if (Directory.Exists(chosen))
            return new ProgramHome(Path.GetFullPath(chosen), arguments);
        throw new ConfigurationException(
            [new("contentRoot", "command line or environment variable", "The folder does not exist.", $"Set it to the folder that holds {SettingsFile}.")]);
    }

    public static ProgramHome At(string folder) => new(folder, []);

    public static string SettingsFileOf(string environment) => $"appsettings.{environment}.json";

    internal static string Above(string programFolder)
    {
        var folder = new DirectoryInfo(programFolder);
        for (var level = 0; folder is not null && level <= MaxLevels; level++, folder = folder.Parent)
        {
            if (ProjectsIn(folder.FullName).FirstOrDefault(IsProject) is { } project)
                return project;
        }

        return programFolder;
    }

    /// <summary>Where programs are built below <c>artifacts/</c>, no folder above is the project's, and one beside it is.</summary>
    private static string[] ProjectsIn(string folder)
    {
        var name = typeof(ProgramHome).Assembly.GetName().Name!;
        return [folder, Path.Combine(folder, "src", name), Path.Combine(folder, name)];
    }

    private static bool IsProject(string folder) =>
        File.Exists(Path.Combine(folder, SettingsFile)) && Directory.EnumerateFiles(folder, "*.csproj").Any();

    // Only a web host reads ASPNETCORE_ENVIRONMENT; an operator's command must see the same environment as the program.
    private static string[] EnvironmentOfTheWebHost() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"))
        && Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is { Length: > 0 } name
            ? ["--environment=" + name]
            : [];

    private IEnumerable<string> FilesOf(string pattern) => Directory.EnumerateFiles(Folder, pattern).Order(StringComparer.Ordinal);

    /// <summary>The host would read such a file as well, above all others.</summary>
    private static ConfigurationProblem Refuse(string file) =>
        new(Path.GetFileName(file), Path.GetFileName(file), "Settings stand in appsettings files alone.", $"Move those of this file to {SettingsFile}.");

    // Asks the very reader that the host uses, so that the two cannot disagree.
    private static ConfigurationProblem? Check(string file)
    {
        var name = Path.GetFileName(file);
        try
        {
            using var stream = File.OpenRead(file);
            new JsonConfigurationProvider(new JsonConfigurationSource()).Load(stream);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(name, name, "The file cannot be read.", "Let the program's user read it.");
        }
        catch (FormatException exception)
        {
            var line = (exception.InnerException as JsonException)?.LineNumber;
            return new(
                name, line is null ? name : $"{name} line {line + 1}", "The file is not a JSON object that can be read.",
                "Look for a missing comma, quote or bracket on this line or the one before, or for a setting that stands there twice.");
        }
    }
}
