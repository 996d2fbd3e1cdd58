using System.Text.RegularExpressions;

namespace MistralTemplates.Tests.Creation;

/// <summary>What each variant consists of, against what was approved.</summary>
public sealed partial class VariantTests(PackFixture fixture)
{
    private const string InEvery = "every variant";

    private static readonly string[] s_templates = ["mistral-secure", "mistral-secure-api", "mistral-secure-console", "mistral-secure-worker"];

    /// <summary>An option or a value that is added to a template.json has to be approved here.</summary>
    [Fact]
    public void Approved_HoldsEachValueOfEachOptionOfEachTemplate()
    {
        var values = s_templates.SelectMany(template => TemplateFiles.Choices(template)).SelectMany(option => option.Values.Select(value => $"--{option.Name} {value}")).ToHashSet();
        var defaults = s_templates.SelectMany(TemplateFiles.Symbols).Where(symbol => symbol.Value.TryGetProperty("choices", out _))
            .Select(symbol => $"--{symbol.Name} {symbol.Value.GetProperty("defaultValue").GetString()}");
        var approved = Variant.Approved.SelectMany(variant => variant.Options.Chunk(2).Select(option => string.Join(' ', option)));

        Assert.NotEmpty(values);
        Assert.Empty(values.Except(defaults).Except(approved));
        Assert.Equal(s_templates, Variant.Approved.Where(variant => variant.Options.Length == 0).Select(variant => variant.ShortName).Order());
    }

    /// <summary>Once what all variants have, then what each has besides.</summary>
    [Fact]
    public async Task Files_OfAllVariants_MatchTheApprovedList()
    {
        var files = new Dictionary<string, string[]>();
        foreach (var variant in Variant.Approved)
            files[variant.Id] = [.. ProjectFiles(await fixture.CreatedAsync(variant))];
        var shared = files.Values.Aggregate((all, one) => [.. all.Intersect(one)]);
        var lists = files.Select(list => List(list.Key, list.Value.Except(shared))).Prepend(List(InEvery, shared));

        Assert.NotEmpty(shared);
        Snapshot.Match("files", string.Join('\n', lists));
    }

    /// <summary>Only what an option or the name changes: C# differs by its namespace alone and is compiled elsewhere.</summary>
    [Theory]
    [MemberData(nameof(Variant.ApprovedIds), MemberType = typeof(Variant))]
    public async Task Texts_ThatAnOptionChanges_MatchTheApprovedOnes(string id)
    {
        var folder = await fixture.CreatedAsync(Variant.Find(id));
        var texts = RelativeFiles(folder)
            .Where(file => Path.GetExtension(file) is not ".cs" && File.ReadAllText(Path.Combine(folder, file)).Contains(PackFixture.Name, StringComparison.Ordinal))
            .Select(file => $"---- {file}\n{Scrub(File.ReadAllText(Path.Combine(folder, file)))}");

        Snapshot.Match("texts-" + id, string.Join('\n', texts));
    }

    [Theory]
    [MemberData(nameof(Variant.BuiltIds), MemberType = typeof(Variant))]
    public async Task Output_OfEachVariant_CarriesNoTraceOfTheTemplate(string id) =>
        Assert.Empty(TemplateTraces.In(await fixture.CreatedAsync(Variant.Find(id))));

    [Fact]
    public async Task Ports_OfTwoProjects_AreTheirOwn()
    {
        var folder = await fixture.CreatedAsync(Variant.Find("alone-api"));
        var settings = await File.ReadAllTextAsync(Path.Combine(folder, "Properties", "launchSettings.json"), TestContext.Current.CancellationToken);
        var ports = Port().Matches(settings).Select(match => int.Parse(match.Groups[1].Value, null)).ToArray();

        Assert.Equal(3, ports.Length);
        Assert.All(ports, port => Assert.True(port is >= 5000 and <= 5300 or >= 7000 and <= 7300, $"{port}"));
        Assert.Equal(2, ports.Distinct().Count());
    }

    private static string List(string title, IEnumerable<string> files) => $"---- {title}\n{string.Concat(files.Select(file => file + "\n"))}";

    /// <summary>Paths from the repository's root; the project's own folder is PROJECT, in a repository as alone.</summary>
    private static IEnumerable<string> ProjectFiles(string folder)
    {
        var isRepository = Directory.Exists(Path.Combine(folder, "src"));
        return RelativeFiles(folder).Select(file => isRepository ? file.Replace($"src/{PackFixture.Name}/", "PROJECT/", StringComparison.Ordinal) : "PROJECT/" + file);
    }

    private static IEnumerable<string> RelativeFiles(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static string Scrub(string text) =>
        Version().Replace(Identifier().Replace(Port().Replace(text.ReplaceLineEndings("\n"), "localhost:PORT"), "GUID"), "Version=\"VERSION\"");

    [GeneratedRegex(@"localhost:(\d{4,5})")]
    private static partial Regex Port();

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", RegexOptions.IgnoreCase)]
    private static partial Regex Identifier();

    [GeneratedRegex("Version=\"[^\"]+\"")]
    private static partial Regex Version();
}
