using System.Text.Json;
using System.Text.RegularExpressions;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Creation;

/// <summary>Whatever name a user gives, the program builds. The kinds' own tests are built with the ordinary names.</summary>
public sealed partial class NameTests(PackFixture fixture)
{
    private static readonly Case[] s_names =
    [
        new("Acme.Chat", "api", "Acme.Chat", "Acme.Chat"),
        new("my-app", "console", "my-app", "my_app"),
        new("my app", "worker", "my-app", "my_app"),
        new("123.App", "api", "123.App", "_123.App"),
        new("class", "console", "class", "_class"),
        new("a..b", "worker", "a.b", "a.b"),
        new("Mistral", "api", "Mistral", "Mistral"),
        new("Système", "console", "Système", "Système"),
        new("x", "worker", "x", "x"),
        new("Sixty.Characters.Are.Not.Too.Many.For.The.Name.Of.An.App.Here", "api", "Sixty.Characters.Are.Not.Too.Many.For.The.Name.Of.An.App.Here", "Sixty.Characters.Are.Not.Too.Many.For.The.Name.Of.An.App.Here"),
        new("Salt & Pepper", "console", "Salt-Pepper", "Salt_Pepper"),
        new("Acme.Console", "console", "Acme.Console", "Acme._Console"),
        new("Program", "api", "Program", "_Program"),
        new("Task", "worker", "Task", "_Task"),
        new("Microsoft.Chat", "worker", "Microsoft.Chat", "Microsoft.Chat"),
        new("& &", "api", "App", "App"),
        new("1 Salt & a..class", "console", "1-Salt-a.class", "_1_Salt_a._class"),
    ];

    public static TheoryData<string> KindsOfWords => Variant.IsFullMatrix ? [.. GeneratedRepository.Kinds] : ["api"];

    /// <summary>All are created and built together before the first is looked at, once for all cases.</summary>
    [Fact]
    public async Task Repositories_OfAnyName_BuildAndHoldNoTrace()
    {
        var cases = Cases().ToArray();
        var built = new List<(string Folder, Case Case, GeneratedRepository Repository)>();
        foreach (var one in cases)
        {
            var folder = await fixture.CreateAsync("names/" + one.Kind, "mistral-secure", one.Name, "--kind", one.Kind);
            built.Add((folder, one, new GeneratedRepository(folder, one.ProjectName, one.Kind)));
        }

        var build = await Batch.BuildAsync(fixture.NewFolder("names"), built.SelectMany(one => Projects(one.Folder, one.Case)), TestContext.Current.CancellationToken, Batch.WithoutAnalyzers);

        Assert.NotEmpty(built);
        Assert.All(built, one =>
        {
            Assert.Empty(TemplateTraces.In(one.Folder));
            Assert.Contains($"namespace {one.Case.RootNamespace}.Keys;", File.ReadAllText(Path.Combine(one.Repository.ProjectFolder, "Keys", "ApiKey.cs")), StringComparison.Ordinal);
            Assert.Empty(build.ComplaintsAbout(one.Folder));
            Assert.True(File.Exists(one.Repository.ProgramFile), one.Repository.ProgramFile);
        });
    }

    /// <summary>
    /// In <c>Acme.Meter.Keys</c> the word Meter is a namespace, whatever type the code means by it: the names of all such types are mended. Here
    /// every single word of the code is a namespace beside the program's own, and none may be in its way.
    /// </summary>
    [Theory]
    [MemberData(nameof(KindsOfWords))]
    public async Task Program_WhoseNameIsAnyOtherWordOfItsCode_Builds(string kind)
    {
        var folder = await fixture.CreateAsync("words/" + kind, "mistral-secure", "Acme.Own", "--kind", kind, "--scale", kind == "console" ? "single" : "redis");
        var project = new GeneratedRepository(folder, "Acme.Own", kind).ProjectFolder;
        var words = Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories).SelectMany(file => Word().Matches(File.ReadAllText(file)).Select(word => word.Value))
            .Where(word => word is not ("Acme" or "Own")).Distinct().Where(word => Mended(word) == word).ToList();
        await File.WriteAllLinesAsync(Path.Combine(project, "Words.cs"), words.Select(word => $"namespace Acme.{word} {{ internal static class OfTheTest; }}"), TestContext.Current.CancellationToken);

        var build = await Batch.BuildAsync(fixture.NewFolder("words"), Directory.EnumerateFiles(project, "*.csproj"), TestContext.Current.CancellationToken, Batch.WithoutAnalyzers);

        Assert.NotEmpty(words);
        Assert.Empty(build.ComplaintsAbout(folder));
    }

    private static string Mended(string word)
    {
        var forms = JsonElement.Parse(File.ReadAllText(Path.Combine(TemplatePack.RepositoryRoot, "templates", "config", "names.template.json"))).GetProperty("forms");
        return Regex.Replace(word, forms.GetProperty("mendTypeNames").GetProperty("pattern").GetString()!, "_", RegexOptions.None, TimeSpan.FromSeconds(1));
    }

    [GeneratedRegex("\\b[A-Z][a-z0-9]+\\b", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();

    /// <summary>Each name with the kind beside it; with all kinds in the full matrix.</summary>
    private static IEnumerable<Case> Cases() => Variant.IsFullMatrix
        ? s_names.SelectMany(name => GeneratedRepository.Kinds.Select(kind => name with { Kind = kind }))
        : s_names;

    /// <summary>The program; and the tests as well for the name that changes on its way to a file and again to a namespace.</summary>
    private static string[] Projects(string folder, Case one) =>
        [.. Directory.EnumerateFiles(Variant.IsFullMatrix || one.Name.Contains("..class", StringComparison.Ordinal) ? folder : Path.Combine(folder, "src"), "*.csproj", SearchOption.AllDirectories)];

    private sealed record Case(string Name, string Kind, string ProjectName, string RootNamespace);
}
