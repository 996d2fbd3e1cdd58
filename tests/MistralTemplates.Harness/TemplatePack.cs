namespace MistralTemplates.Harness;

/// <summary>The packed templates, installed into a hive of their own: the user's own hive is never touched.</summary>
public sealed class TemplatePack
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(3);

    private TemplatePack(string packageFile, string hive)
    {
        PackageFile = packageFile;
        Hive = hive;
    }

    public string PackageFile { get; }

    public string Hive { get; }

    /// <summary>The folder that holds MistralTemplates.csproj, found from the running program upwards.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    /// <summary>Packs the templates and installs the package, not the folder, into a new hive below <paramref name="folder"/>.</summary>
    public static async Task<TemplatePack> PackAsync(string folder, CancellationToken cancellationToken) =>
        await InstallAsync(await BuildPackageAsync(Path.Combine(folder, "package"), cancellationToken), folder, cancellationToken);

    /// <summary>Packs the templates.</summary>
    /// <param name="version">Another version than the project's.</param>
    /// <returns>The package's file.</returns>
    public static async Task<string> BuildPackageAsync(string folder, CancellationToken cancellationToken, string? version = null)
    {
        string[] arguments = ["pack", "MistralTemplates.csproj", "-o", folder, "-nologo", .. version is null ? (string[])[] : [$"-p:Version={version}"]];
        (await Command.RunAsync("dotnet", arguments, RepositoryRoot, s_timeLimit, cancellationToken)).EnsureSuccess("dotnet pack");
        return Directory.GetFiles(folder, $"*{(version is null ? "" : "." + version)}.nupkg").Single();
    }

    /// <summary>Installs a package that stands already.</summary>
    public static async Task<TemplatePack> InstallAsync(string packageFile, string folder, CancellationToken cancellationToken)
    {
        var pack = new TemplatePack(packageFile, Path.Combine(folder, "hive"));
        var installed = await pack.NewAsync(["install", packageFile], RepositoryRoot, cancellationToken);
        installed.EnsureSuccess("dotnet new install");
        // The engine says what is broken in a template and still ends with 0 (dotnet/templating#8200).
        if (installed.Error.Length > 0 || installed.Output.Contains("Error", StringComparison.Ordinal))
            throw new InvalidOperationException($"The package does not install cleanly.\n{installed.Output}\n{installed.Error}");
        return pack;
    }

    /// <summary>Calls <c>dotnet new</c> with this hive.</summary>
    public Task<CommandResult> NewAsync(IEnumerable<string> arguments, string folder, CancellationToken cancellationToken) =>
        Command.RunAsync("dotnet", ["new", .. arguments, "--debug:custom-hive", Hive], folder, s_timeLimit, cancellationToken);

    /// <summary>Creates a project or a repository below <paramref name="parent"/>, in a folder named like it.</summary>
    public Task<CommandResult> CreateAsync(string parent, string shortName, string name, IEnumerable<string> options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(parent);
        return NewAsync([shortName, "-n", name, "--no-update-check", .. options], parent, cancellationToken);
    }

    private static string FindRepositoryRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "MistralTemplates.csproj")))
                return folder;
        }

        throw new InvalidOperationException("MistralTemplates.csproj was not found above the program. Run it from a clone.");
    }
}
