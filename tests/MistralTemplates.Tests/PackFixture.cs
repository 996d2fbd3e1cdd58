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

    private readonly RunFolder _run = RunFolder.Claim(Path.Combine(TemplatePack.RepositoryRoot, "artifacts", "tests"));
    private readonly Lazy<Task<TemplatePack>> _pack;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _variants = new();

    public PackFixture() => _pack = new(() => TemplatePack.PackAsync(Folder, CancellationToken.None));

    /// <summary>Everything that this run makes lies here; it stays until a later run, to be looked at.</summary>
    public string Folder => _run.Path;

    public Task<TemplatePack> PackAsync() => _pack.Value;

    public void Dispose() => _run.Dispose();

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
        return Path.Combine(parent, name);
    }

    /// <summary>A variant as <c>dotnet new</c> left it, created once. Tests read it; whoever builds makes a copy.</summary>
    public Task<string> CreatedAsync(Variant variant) =>
        _variants.GetOrAdd(variant.Id, _ => new(() => CreateAsync("created-" + variant.Id, variant.ShortName, Name, variant.Options))).Value;

    /// <summary>A copy of a created variant, to be built and run.</summary>
    public async Task<string> CopyAsync(string testName, Variant variant)
    {
        var created = await CreatedAsync(variant);
        var copy = Path.Combine(NewFolder(testName), Name);
        foreach (var file in Directory.EnumerateFiles(created, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(created, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return copy;
    }
}
