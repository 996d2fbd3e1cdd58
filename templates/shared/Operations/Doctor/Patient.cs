using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.Extensions.Options;

namespace Acme.App.Operations.Doctor;

/// <summary>What is examined.</summary>
/// <param name="git">The repository around it, or nothing where there is none.</param>
/// <param name="allowPath">The file with false alarms, when it is not where it usually is.</param>
/// <param name="build">Composes the program once more.</param>
internal sealed class Patient(string home, GitRepository? git, string? allowPath = null, Func<IHost>? build = null) : IDisposable
{
    private Task<ApiKey>? _key;
    private IHost? _double;
    private DirectoryInfo? _folder;

    public string Home => home;

    public GitRepository? Git => git;

    /// <summary>The top of the repository, and the folders from the solution's to the program's: where <c>.env</c> and the like may lie.</summary>
    public IReadOnlyList<string> Folders { get; } = [.. new[] { git?.Top }.Concat(DotEnvSource.FoldersOf(home).Reverse()).OfType<string>().Distinct()];

    /// <summary>
    /// Where a finding without a place is shown: at the checklist or, where the project came without one, at its settings. From the repository's top.
    /// </summary>
    public string Checklist => File.Exists(Path.Combine(Folders[0], "SECURITY.md")) ? "SECURITY.md"
        : Path.GetRelativePath(Folders[0], Path.Combine(home, ProgramHome.SettingsFile)).Replace('\\', '/');

    public string? AllowPath => allowPath;

    /// <summary>The key that the program would use. Several checks need it, and a store is asked once.</summary>
    public Task<ApiKey> KeyAsync(Func<Task<ApiKey>> read) => _key ??= read();

    /// <summary>The program once more, for what leaves traces: its audit goes into a folder that is deleted in the end. Made once.</summary>
    public IServiceProvider Double()
    {
        if (_double is null)
        {
            _double = build!();
            _folder = Directory.CreateTempSubdirectory("doctor-");
            var audit = _double.Services.GetRequiredService<IOptions<AuditOptions>>().Value;
            audit.Path = Path.Combine(_folder.FullName, "audit.jsonl");
            audit.CheckpointPath = Path.Combine(_folder.FullName, "checkpoints.txt");
            audit.CheckpointUrl = null;
        }

        return _double.Services;
    }

    public void Dispose()
    {
        _double?.Dispose();
        _folder?.Delete(recursive: true);
    }
}
