using System.Text.RegularExpressions;

namespace MistralTemplates.Tests.Creation;

/// <summary>What each variant consists of, against what was approved.</summary>
public sealed partial class VariantTests(PackFixture fixture)
{
    private const string Name = "Acme.Chat";

    [Theory]
    [MemberData(nameof(Variant.Ids), MemberType = typeof(Variant))]
    public async Task Files_OfEachVariant_MatchTheApprovedList(string id)
    {
        var variant = Variant.Find(id);
        var folder = await fixture.CreateAsync("files-" + id, variant.ShortName, Name, variant.Options);

        Snapshot.Match("files-" + id, string.Join('\n', RelativeFiles(folder)) + "\n");
    }

    /// <summary>Only what an option or the name changes: C# differs by its namespace alone and is compiled elsewhere.</summary>
    [Theory]
    [MemberData(nameof(Variant.Ids), MemberType = typeof(Variant))]
    public async Task Texts_ThatAnOptionChanges_MatchTheApprovedOnes(string id)
    {
        var variant = Variant.Find(id);
        var folder = await fixture.CreateAsync("texts-" + id, variant.ShortName, Name, variant.Options);
        var texts = RelativeFiles(folder)
            .Where(file => Path.GetExtension(file) is not (".cs" or ".md" or ".resx") && File.ReadAllText(Path.Combine(folder, file)).Contains(Name, StringComparison.Ordinal))
            .Select(file => $"---- {file}\n{Scrub(File.ReadAllText(Path.Combine(folder, file)))}");

        Snapshot.Match("texts-" + id, string.Join('\n', texts));
    }

    [Theory]
    [MemberData(nameof(Variant.Ids), MemberType = typeof(Variant))]
    public async Task Output_OfEachVariant_CarriesNoTraceOfTheTemplate(string id)
    {
        var variant = Variant.Find(id);
        var folder = await fixture.CreateAsync("trace-" + id, variant.ShortName, Name, variant.Options);

        Assert.Empty(TemplateTraces.In(folder));
    }

    [Fact]
    public async Task Ports_OfTwoProjects_AreTheirOwn()
    {
        var folder = await fixture.CreateAsync("ports", "mistral-secure-api", Name);
        var settings = await File.ReadAllTextAsync(Path.Combine(folder, "Properties", "launchSettings.json"), TestContext.Current.CancellationToken);
        var ports = Port().Matches(settings).Select(match => int.Parse(match.Groups[1].Value, null)).ToArray();

        Assert.Equal(3, ports.Length);
        Assert.All(ports, port => Assert.True(port is >= 5000 and <= 5300 or >= 7000 and <= 7300, $"{port}"));
        Assert.Equal(2, ports.Distinct().Count());
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
