namespace Acme.App.Configuration;

/// <summary>Brings <c>.env</c> files into the configuration, in memory only: child processes do not inherit them.</summary>
internal sealed class DotEnvSource : IConfigurationSource
{
    private const int MaxLevels = 12;

    // Low to high: a later file's value wins.
    private static readonly string[] Names = [".env", ".env.local"];

    private DotEnvSource(string[] paths)
    {
        foreach (var path in paths)
        {
            var file = DotEnvFile.Read(path);
            Files.Add((Path.GetFileName(path), file));
            Problems.AddRange(file.Problems);
            if (OthersMayRead(path))
                Warnings.Add($"'{Path.GetFileName(path)}' may be read by other users of this machine. Run: chmod 600 {Path.GetFileName(path)}");
        }
    }

    public List<(string Name, DotEnvFile File)> Files { get; } = [];

    public List<ConfigurationProblem> Problems { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>Takes the nearest folder that has such a file, from the home up to the repository's root.</summary>
    public static DotEnvSource Find(string home)
    {
        var folders = UpToTheRepositorysRoot(home);
        return new(folders.Select(FilesIn).FirstOrDefault(paths => paths.Length > 0) ?? []);
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => new DotEnvProvider(this);

    private static List<string> UpToTheRepositorysRoot(string home)
    {
        var folders = new List<string>();
        for (var folder = new DirectoryInfo(home); folder is not null && folders.Count < MaxLevels; folder = folder.Parent)
        {
            folders.Add(folder.FullName);
            if (Path.Exists(Path.Combine(folder.FullName, ".git")) || folder.EnumerateFiles("*.sln*").Any())
                return folders;
        }

        // Outside a repository nothing says where to stop, and a stranger's .env further up must not be taken.
        return [home];
    }

    private static string[] FilesIn(string folder) => [.. Names.Select(name => Path.Combine(folder, name)).Where(File.Exists)];

    private static bool OthersMayRead(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    /// <summary>Holds the values under the configuration's names, and remembers where each came from.</summary>
    internal sealed class DotEnvProvider(DotEnvSource source) : ConfigurationProvider
    {
        private readonly Dictionary<string, string> _origins = new(StringComparer.OrdinalIgnoreCase);

        public string? OriginOf(string key) => _origins.GetValueOrDefault(key);

        public override void Load()
        {
            foreach (var (name, file) in source.Files)
            {
                foreach (var (variable, value) in file.Values)
                {
                    var key = variable.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
                    Data[key] = value;
                    _origins[key] = $"{name} line {file.Lines[variable]}";
                }
            }
        }
    }
}
