using MistralTemplates.Harness;

[assembly: AssemblyFixture(typeof(MistralTemplates.Tests.PackFixture))]

namespace MistralTemplates.Tests;

/// <summary>Packs the templates once for all tests and installs the package in a hive of this run.</summary>
public sealed class PackFixture : IAsyncLifetime
{
    private TemplatePack? _pack;

    /// <summary>Everything that this run makes lies here; the last run's output stays until the next one, to be looked at.</summary>
    public string Folder { get; } = Path.Combine(TemplatePack.RepositoryRoot, "artifacts", "tests");

    public TemplatePack Pack => _pack ?? throw new InvalidOperationException("The pack is not ready.");

    public async ValueTask InitializeAsync()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
        // Git would take a repository below artifacts for a part of this one.
        _pack = await TemplatePack.PackAsync(Folder, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

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
        var parent = NewFolder(testName);
        var result = (await Pack.CreateAsync(parent, shortName, name, ["--no-restore", .. options], TestContext.Current.CancellationToken)).EnsureSuccess("dotnet new");
        Assert.Equal("", result.Error);
        return Path.Combine(parent, name);
    }
}
