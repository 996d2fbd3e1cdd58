using System.Text.RegularExpressions;
using Acme.App.Guards;
using Acme.App.Operations.Doctor;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Keys;
using MistralTemplates.Tests.Rooms.Operations.Doctor;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>The channels that lead out of a repository: what git takes, what a container's layers are made of, what tests leave.</summary>
public sealed class RepositoryLeakTests
{
    private static readonly string s_key = Some.KeyValue(305);
    private static readonly string[] s_folders = ["", "src/Acme.Chat/", "src/Acme.Chat/deeper/"];

    private readonly LeakSearch _search = new(s_key, "bandicoot & potoroo");

    private static string Templates => Path.Combine(TemplatePack.RepositoryRoot, "templates");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GitAdd_KeyInEverySecretFile_IsInNoObject(bool isForced)
    {
        using var folder = await GitFolder.CreateAsync();
        folder.Write(".gitignore", await File.ReadAllTextAsync(Path.Combine(Templates, "shared", ".gitignore"), TestContext.Current.CancellationToken));
        foreach (var name in Planted())
            folder.Write(name, $"MISTRAL_API_KEY={s_key}\n");

        await folder.GitAsync(isForced ? ["add", "-A", "-f"] : ["add", "-A"]);

        _search.Search("git's objects", await folder.GitAsync("grep", "--cached", "-h", ""));
        Assert.Equal(isForced ? ["git's objects: key"] : [], _search.Found);
    }

    [Fact]
    public async Task ImageContext_KeyInEverySecretFile_TakesNone()
    {
        var rules = await File.ReadAllLinesAsync(Path.Combine(Templates, "mistral-secure", ".dockerignore"), TestContext.Current.CancellationToken);
        var dockerfile = await File.ReadAllLinesAsync(Path.Combine(Templates, "mistral-secure", "Dockerfile"), TestContext.Current.CancellationToken);

        Assert.Equal(Planted().Order(StringComparer.Ordinal), Planted().Where(name => IsIgnored(rules, name)).Order(StringComparer.Ordinal));
        Assert.Equal([false, false, true, true], new[] { "src/Acme.Chat/Program.cs", "global.json", ".git/config", "README.md" }.Select(name => IsIgnored(rules, name)));

        // Nothing else gets into a layer: no file from elsewhere, no argument or variable with a key, no secret of the build.
        var copied = dockerfile.Where(line => Regex.IsMatch(line, "^(COPY|ADD) ", RegexOptions.IgnoreCase)).Select(line => line.Split(' ')[^2]).Distinct();
        Assert.Equal(["/app", "/data", "global.json", "src/"], copied.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(dockerfile, line => Regex.IsMatch(line, "^ARG |API_KEY|--mount", RegexOptions.IgnoreCase));
    }

    [Fact]
    public void IsIgnored_PlantedHole_IsSeen()
    {
        Assert.False(IsIgnored(["*", "!src/", "**/.env"], "src/Acme.Chat/.ENV"));
        Assert.False(IsIgnored(["*", "!src/", "**/.env", "!**/.env"], "src/.env"));
        Assert.True(IsIgnored(["*", "!src/", "**/audit/"], "src/Acme.Chat/audit/audit.jsonl"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Snapshots_SearchedForSecrets_HoldNone(bool isPlanted)
    {
        var folder = Path.Combine(TemplatePack.RepositoryRoot, "tests", "MistralTemplates.Tests");
        var files = Directory.GetFiles(folder, "*.txt", SearchOption.AllDirectories).Where(file => !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToList();
        Assert.Contains(files, file => file.EndsWith(".approved.txt", StringComparison.Ordinal));
        var finder = SecretFinder.For(new GuardOptions().SensitiveData, [s_key]);
        var found = new Dictionary<string, FoundSecret>();
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file);
            finder.Find(stream, stream.Length, found);
        }

        if (isPlanted)
        {
            using var planted = new MemoryStream(System.Text.Encoding.UTF8.GetBytes($"line\nkey: {s_key}\n"));
            finder.Find(planted, planted.Length, found);
        }

        Assert.Equal(isPlanted ? 1 : 0, found.Count);
    }

    private static List<string> Planted() => [.. s_folders.SelectMany(parent => GitIgnoreTests.SecretFiles.Select(name => parent + name))];

    /// <summary>Docker's rules: a pattern counts from the top, takes what lies below a folder with it, and the last that fits decides.</summary>
    private static bool IsIgnored(string[] rules, string path)
    {
        var isIgnored = false;
        foreach (var rule in rules.Where(rule => rule.Length > 0 && rule[0] != '#'))
        {
            var pattern = Regex.Escape(rule.TrimStart('!').TrimEnd('/')).Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\[", "[", StringComparison.Ordinal);
            if (Regex.IsMatch(path, $"^{pattern}(/.*)?$"))
                isIgnored = rule[0] != '!';
        }

        return isIgnored;
    }
}
