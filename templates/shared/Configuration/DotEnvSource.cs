namespace Acme.App.Configuration;

/// <summary>Brings <c>.env</c> and <c>.env.local</c> into the configuration, in memory only.</summary>
internal sealed class DotEnvSource : IConfigurationSource
{
    private const int MaxLevels = 12;

    // What the program's user may not list is no repository of theirs.
    private static readonly EnumerationOptions s_listable = new() { IgnoreInaccessible = true };

    /// <summary>Takes the nearest file of each name, from the home up to the repository's root.</summary>
    public DotEnvSource(string home)
    {
        var folders = FoldersOf(home);
        var paths = Names.Select(name => folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)).OfType<string>().ToList();
        Files = [.. paths.Select(path => new DotEnvFile(path))];
        Warnings =
        [
            .. paths.Where(OthersMayRead)
                .Select(path => $"'{path}' may be read by other users of this machine. Run: chmod 600 {Path.GetFileName(path)}"),
            .. folders.SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).Where(Directory.Exists)
                .Select(path => $"'{path}' is a folder, and so is not read."),
        ];
    }

    /// <summary>Low to high: a later file's value wins.</summary>
    public static IReadOnlyList<string> Names { get; } = [".env", ".env.local"];

    public IReadOnlyList<DotEnvFile> Files { get; }

    public IReadOnlyList<string> Warnings { get; }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => new DotEnvProvider(Files);

    /// <summary>The home, and the folders above it up to the repository's root or its solution.</summary>
    public static IReadOnlyList<string> FoldersOf(string home)
    {
        var folders = new List<string>();
        for (var folder = new DirectoryInfo(home); folder is { Exists: true } && folders.Count < MaxLevels; folder = folder.Parent)
        {
            folders.Add(folder.FullName);
            if (Path.Exists(Path.Combine(folder.FullName, ".git")) || folder.EnumerateFiles("*.sln*", s_listable).Any())
                return folders;
        }

        // Outside a repository nothing says where to stop, and a stranger's .env further up must not be taken.
        return [home];
    }

    private static bool OthersMayRead(string path)
    {
        try
        {
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;
        }
        catch (IOException)
        {
            // A link that leads nowhere: that the file cannot be read is said where it is read.
            return false;
        }
    }

    /// <summary>Holds the values under the configuration's names, and knows where each came from.</summary>
    internal sealed class DotEnvProvider(IReadOnlyList<DotEnvFile> files) : ConfigurationProvider
    {
        private readonly Dictionary<string, string> _origins = new(StringComparer.OrdinalIgnoreCase);

        public string? OriginOf(string key) => _origins.GetValueOrDefault(key);

        public override void Load()
        {
            foreach (var file in files)
            {
                foreach (var (variable, value) in file.Values)
                {
                    var key = variable.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
                    Data[key] = value;
                    _origins[key] = $"{file.Name} line {file.Lines[variable]}";
                }
            }
        }
    }
}
