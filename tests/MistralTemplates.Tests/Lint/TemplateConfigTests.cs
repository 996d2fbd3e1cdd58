using System.Text.RegularExpressions;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Lint;

/// <summary>What the template engine lets pass in silence: symbols nobody uses, conditions on symbols nobody defines, defaults outside the choices.</summary>
public sealed partial class TemplateConfigTests
{
    private static readonly string s_templates = Path.Combine(TemplatePack.RepositoryRoot, "templates");

    public static TheoryData<string> Templates => [.. Directory.EnumerateFiles(s_templates, "template.json", SearchOption.AllDirectories)
        .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == ".template.config")
        .Select(file => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!)];

    [Fact]
    public void Templates_AreFourWithNamesOfTheirOwn()
    {
        var templates = Templates.Select(row => TemplateFiles.Read(row.Data)).ToArray();

        Assert.Equal(4, templates.Length);
        foreach (var property in (string[])["identity", "groupIdentity", "shortName", "name"])
            Assert.Equal(4, templates.Select(template => template.GetProperty(property).GetString()).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void ShortName_IsTheFolder(string template) => Assert.Equal(template, TemplateFiles.Read(template).GetProperty("shortName").GetString());

    [Theory]
    [MemberData(nameof(Templates))]
    public void Conditions_NameDefinedSymbols(string template)
    {
        var text = File.ReadAllText(TemplateFiles.ConfigFile(template));
        // The engine itself defines OS, as MSBuild does.
        var symbols = TemplateFiles.Symbols(template).Select(symbol => symbol.Name).Append("OS").ToHashSet();
        var used = Condition().Matches(text).SelectMany(match => Word().Matches(match.Groups[1].Value.Replace("\\\"", "\"", StringComparison.Ordinal))).Select(match => match.Groups[1].Value);

        Assert.All(used, name => Assert.Contains(name, symbols));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Defaults_AreAmongTheChoices(string template)
    {
        foreach (var symbol in TemplateFiles.Symbols(template).Where(symbol => symbol.Value.TryGetProperty("choices", out _)))
        {
            var choices = symbol.Value.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("choice").GetString());
            Assert.Contains(symbol.Value.GetProperty("defaultValue").GetString(), choices);
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Parameters_AreDescribedInASentence(string template)
    {
        var parameters = TemplateFiles.Symbols(template).Where(symbol => symbol.Value.GetProperty("type").GetString() == "parameter").ToArray();

        Assert.NotEmpty(parameters);
        Assert.All(parameters, symbol => Assert.EndsWith(".", symbol.Value.GetProperty("description").GetString(), StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Symbols_AreUsed(string template)
    {
        var text = File.ReadAllText(TemplateFiles.ConfigFile(template)) + string.Concat(TemplateFiles.AdditionalFiles(template).Select(File.ReadAllText));
        var unused = TemplateFiles.Symbols(template)
            .Where(symbol => !symbol.Value.TryGetProperty("replaces", out _) && !symbol.Value.TryGetProperty("fileRename", out _))
            .Where(symbol => Regex.Count(text, $@"\b{symbol.Name}\b") < 2)
            .Select(symbol => symbol.Name);

        Assert.Empty(unused);
    }

    /// <summary>An IDE's dialog shows a symbol only where its host file says so.</summary>
    [Theory]
    [MemberData(nameof(Templates))]
    public void HostFile_OfAnIde_ShowsEveryChoice(string template)
    {
        var shown = TemplateFiles.ReadJson(Path.Combine(s_templates, template, ".template.config", "ide.host.json")).GetProperty("symbolInfo").EnumerateArray();

        Assert.Equal(TemplateFiles.Choices(template).Select(choice => choice.Name).Order(), shown.Where(symbol => symbol.GetProperty("isVisible").GetBoolean()).Select(symbol => symbol.GetProperty("id").GetString()).Order());
    }

    [Fact]
    public void HostFile_OfTheCommandLine_NamesSymbolsOfEveryTemplate()
    {
        var named = TemplateFiles.ReadJson(Path.Combine(s_templates, "config", "dotnetcli.host.json")).GetProperty("symbolInfo").EnumerateObject().Select(symbol => symbol.Name).ToHashSet();

        Assert.NotEmpty(named);
        Assert.All(Templates, template => Assert.Subset(TemplateFiles.Symbols(template.Data).Select(symbol => symbol.Name).ToHashSet(), named));
    }

    /// <summary>The pack, its tests and its measurements speak of the same versions, so that what was measured is what is generated.</summary>
    [Fact]
    public void Packages_HaveOneVersionEverywhere()
    {
        var references = PackageReferences(TemplatePack.RepositoryRoot);

        Assert.NotEmpty(references);
        Assert.Empty(references.GroupBy(reference => reference.Package).Where(package => package.Count() > 1).Select(package => package.Key));
    }

    /// <summary>No package is behind the framework or a preview, none floats; and one family's packages are of one release.</summary>
    [Fact]
    public void Packages_OfTheTemplates_AreReleasesOfTheFrameworksLine()
    {
        var references = PackageReferences(s_templates);
        var ofTheFramework = references.Where(reference => reference.Package.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) || reference.Package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(ofTheFramework);
        Assert.All(ofTheFramework, reference => Assert.StartsWith("10.", reference.Version, StringComparison.Ordinal));
        Assert.All(references, reference => Assert.Matches(@"^\d+\.\d+\.\d+$", reference.Version));
        foreach (var family in (string[])["OpenTelemetry.", "Microsoft.Extensions.AI", "xunit.v3"])
            Assert.True(references.Where(reference => reference.Package.StartsWith(family, StringComparison.Ordinal)).Select(reference => string.Join('.', reference.Version.Split('.')[..2])).Distinct().Count() <= 1, family);
    }

    private static (string Package, string Version)[] PackageReferences(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts"))
            .SelectMany(file => PackageReference().Matches(File.ReadAllText(file)))
            .Select(match => (match.Groups[1].Value, match.Groups[2].Value))
            .Distinct(),
    ];

    [GeneratedRegex("\"condition\": \"(.*?[^\\\\])\"")]
    private static partial Regex Condition();

    [GeneratedRegex(@"(?<!""[\w ]*)\b([A-Za-z]\w*)\b(?!\w*"")")]
    private static partial Regex Word();

    [GeneratedRegex("<PackageReference Include=\"([^\"]+)\" Version=\"([^\"]+)\"")]
    private static partial Regex PackageReference();
}
