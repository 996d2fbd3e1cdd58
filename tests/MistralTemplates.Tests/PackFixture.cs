using System.Collections.Concurrent;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;

[assembly: AssemblyFixture(typeof(MistralTemplates.Tests.PackFixture))]

namespace MistralTemplates.Tests;

/// <summary>
/// The package, packed when the first test asks for it and installed in a hive of this run; and what is created from it once for all tests.
/// </summary>
public sealed class PackFixture : IDisposable
{
    /// <summary>The name that every variant is created with.</summary>
    public const string Name = "Acme.Chat";

    private readonly Lazy<RunFolder> _run = new(() => RunFolder.Claim(Path.Combine(TemplatePack.RepositoryRoot, "artifacts", "tests")));
    private readonly Lazy<Task<TemplatePack>> _pack;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _variants = new();
    private readonly Lazy<Task<Batch>> _build;

    public PackFixture()
    {
        _pack = new(() => TemplatePack.PackAsync(Folder, CancellationToken.None));
        _build = new(BuildAsync);
    }

    /// <summary>Everything that this run makes lies here; it stays until a later run, to be looked at.</summary>
    public string Folder => _run.Value.Path;

    public Task<TemplatePack> PackAsync() => _pack.Value;

    public void Dispose()
    {
        if (_run.IsValueCreated)
            _run.Value.Dispose();
    }

    /// <summary>An empty folder for one test.</summary>
    public string NewFolder(string name)
    {
        var folder = Path.Combine(Folder, "out", name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Creates without restoring, and expects no word on standard error.</summary>
    public async Task<string> CreateAsync(string testName, string shortName, string name, params string[] options)
    {
        var pack = await PackAsync();
        var parent = NewFolder(testName);
        var result = (await pack.CreateAsync(parent, shortName, name, ["--no-restore", .. options], TestContext.Current.CancellationToken)).EnsureSuccess("dotnet new");
        Assert.Equal("", result.Error);
        Assert.DoesNotContain("Warning", result.Output, StringComparison.OrdinalIgnoreCase);
        return Path.Combine(parent, name);
    }

    /// <summary>A variant as <c>dotnet new</c> left it, created once. Tests read it; whoever builds makes a copy.</summary>
    public Task<string> CreatedAsync(Variant variant) =>
        _variants.GetOrAdd(variant.Id, _ => new(() => CreateAsync("created-" + variant.Id, variant.ShortName, Name, variant.Options))).Value;

    /// <summary>A variant that is built, its tests included, together with all others and once for all tests.</summary>
    public async Task<GeneratedRepository> BuiltAsync(Variant variant)
    {
        var build = await _build.Value;
        var folder = BuiltFolder(variant);
        Assert.Empty(build.ComplaintsAbout(folder));
        var repository = new GeneratedRepository(folder, Name, variant.Kind);
        Assert.True(File.Exists(repository.ProgramFile), repository.ProgramFile);
        return repository;
    }

    /// <summary>What <c>dotnet format</c> would change of white space, each text of all variants once: most of them are the same in several.</summary>
    public async Task<IReadOnlyList<string>> FormatComplaintsAsync()
    {
        var texts = new HashSet<(string Name, string Text)>();
        foreach (var variant in Variant.Built)
            texts.UnionWith(Directory.EnumerateFiles(await CreatedAsync(variant), "*.cs", SearchOption.AllDirectories).Select(file => (Path.GetFileName(file), File.ReadAllText(file))));
        var folder = NewFolder("formatted");
        File.Copy(Path.Combine(await CreatedAsync(Variant.FindBuilt("mistral-secure", "api")), ".editorconfig"), Path.Combine(folder, ".editorconfig"));
        foreach (var (index, (name, text)) in texts.Index())
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, $"{index}")).FullName, name), text);

        return (await Batch.VerifyFormatAsync(folder, CancellationToken.None)).ComplaintsAbout(folder);
    }

    private static IEnumerable<string> Projects(string folder) => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories);

    private async Task<Batch> BuildAsync()
    {
        foreach (var variant in Variant.Built)
            CopyFiles(await CreatedAsync(variant), BuiltFolder(variant));
        return await Batch.BuildAsync(
            NewFolder("built"),
            Variant.Built.SelectMany(variant => Projects(BuiltFolder(variant))),
            CancellationToken.None,
            // As 'dotnet format style' looks at it, which would load and compile all of them anew.
            "-p:EnforceCodeStyleInBuild=true");
    }

    private string BuiltFolder(Variant variant) => Path.Combine(NewFolder("built"), variant.Id, Name);

    internal static void CopyFiles(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
