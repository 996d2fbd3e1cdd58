using MistralTemplates.Harness;
using MistralTemplates.Tests.Creation;

namespace MistralTemplates.Tests.Documents;

/// <summary>Copies to run the documents' commands in, built together: two services at once in one folder would take each other's jobs.</summary>
public sealed class DocumentedRepositories
{
    private readonly PackFixture _fixture;
    private readonly Lazy<Task<Batch>> _build;

    public DocumentedRepositories(PackFixture fixture)
    {
        _fixture = fixture;
        _build = new(BuildAsync);
    }

    public static IReadOnlyList<string> Ids { get; } = ["repository-api", "repository-console", "repository-worker", "repository-worker-on-redis"];

    public async Task<GeneratedRepository> BuiltAsync(string id)
    {
        var build = await _build.Value;
        var repository = Copy(id);
        Assert.Empty(build.ComplaintsAbout(repository.Folder));
        return repository;
    }

    private async Task<Batch> BuildAsync()
    {
        foreach (var id in Ids)
            PackFixture.CopyFiles(await _fixture.CreatedAsync(Variant.Find(id)), Copy(id).Folder);
        // The folder of a project is known once it is there.
        return await Batch.BuildAsync(
            _fixture.NewFolder("documents"), Ids.Select(id => Path.Combine(Copy(id).ProjectFolder, PackFixture.Name + ".csproj")), CancellationToken.None, Batch.WithoutAnalyzers);
    }

    private GeneratedRepository Copy(string id) => new(Path.Combine(_fixture.NewFolder("documents/" + id), PackFixture.Name), PackFixture.Name, Variant.Find(id).Kind);
}
