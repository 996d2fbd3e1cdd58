using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

/// <summary>The .gitignore of a generated repository, by git's own word.</summary>
public sealed class GitIgnoreTests
{
    internal static readonly string[] SecretFiles =
    [
        ".env", ".env.local", ".env.Production.local", ".env.staging", ".ENV", ".Env.Local", "server.pem", "SERVER.PEM", "server.key", "Server.Key", "bundle.pfx", "bundle.P12", "store.jks", "putty.PPK", "id_rsa", "id_ecdsa", "id_ed25519", "prod.env", "secrets/key.txt",
        "secrets/deeper/key.txt", "audit/audit.jsonl", "jobs/inbox/one.json", "Jobs/waiting/one.json", "Jobs/working/one.json", "jobs/done/one.json", "jobs/failed/one.json",
        "jobs/health.json", "Jobs/health.json.tmp",
    ];

    private static readonly string[] s_wanted = [".env.example", "appsettings.json", "Program.cs", "Keys/ApiKey.cs", "Auditing/AuditKeys.cs", "Jobs/JobOptions.cs", "docs/keys.md", "secrets.md", "monkey.txt", "id_ed25519.pub", "environment.ts"];
    private static readonly string[] s_folders = ["", "src/Acme.Chat/", "src/a/b/c/"];

    [Fact]
    public async Task AddAll_FakeKeyInEveryKindOfSecretFile_StagesNone()
    {
        using var folder = await CreateAsync();
        var names = s_folders.SelectMany(parent => SecretFiles.Select(name => parent + name)).ToList();
        foreach (var name in names)
            folder.Write(name, $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");

        await folder.GitAsync("add", "-A");

        Assert.All(names, name => Assert.True(File.Exists(Path.Combine(folder.Path, name))));
        Assert.Equal([".gitignore"], await StagedAsync(folder));
    }

    [Fact]
    public async Task AddAll_WantedFiles_AreAllStaged()
    {
        using var folder = await CreateAsync();
        var names = s_folders.SelectMany(parent => s_wanted.Select(name => parent + name)).ToList();
        foreach (var name in names)
            folder.Write(name, "wanted\n");

        await folder.GitAsync("add", "-A");

        Assert.Equal(names.Append(".gitignore").Order(StringComparer.Ordinal), (await StagedAsync(folder)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AddAll_PublicCertificateByChoice_IsStaged()
    {
        using var folder = await CreateAsync();
        await File.AppendAllTextAsync(Path.Combine(folder.Path, ".gitignore"), "!certificates/public.pem\n", TestContext.Current.CancellationToken);
        folder.Write("certificates/public.pem", "wanted\n");
        folder.Write("certificates/private.pem", "not wanted\n");

        await folder.GitAsync("add", "-A");

        Assert.Equal([".gitignore", "certificates/public.pem"], await StagedAsync(folder));
    }

    [Fact]
    public async Task AddAll_ParentRepositoryThatWantsThem_StillStagesNone()
    {
        using var parent = await GitFolder.CreateAsync();
        parent.Write(".gitignore", "!.env\n!*.pem\n!secrets/\n");
        parent.Write("services/chat/.gitignore", await File.ReadAllTextAsync(Source, TestContext.Current.CancellationToken));
        foreach (var name in SecretFiles)
            parent.Write("services/chat/" + name, $"MISTRAL_API_KEY={GitFolder.NewKey()}\n");

        await parent.GitAsync("add", "-A");

        Assert.Equal([".gitignore", "services/chat/.gitignore"], await StagedAsync(parent));
    }

    private static string Source => Path.Combine(TemplatePack.RepositoryRoot, "templates", "shared", ".gitignore");

    private static async Task<GitFolder> CreateAsync()
    {
        var folder = await GitFolder.CreateAsync();
        folder.Write(".gitignore", await File.ReadAllTextAsync(Source, TestContext.Current.CancellationToken));
        return folder;
    }

    private static async Task<string[]> StagedAsync(GitFolder folder) =>
        (await folder.GitAsync("diff", "--cached", "--name-only", "-z")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
}
