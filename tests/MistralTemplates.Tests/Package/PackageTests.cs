using System.IO.Compression;
using System.Xml.Linq;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Package;

public sealed class PackageTests(PackFixture fixture)
{
    [Fact]
    public async Task Package_Metadata_SaysWhatItIs()
    {
        using var package = ZipFile.OpenRead((await fixture.PackAsync()).PackageFile);
        using var stream = package.GetEntry("MistralTemplates.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Text(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal("MistralTemplates", Text("id"));
        Assert.Equal("README.md", Text("readme"));
        Assert.Equal("icon.png", Text("icon"));
        Assert.Equal("MIT", Text("license"));
        Assert.Equal("Template", metadata.Descendants().Single(element => element.Name.LocalName == "packageType").Attribute("name")!.Value);
        Assert.Superset(new HashSet<string> { "dotnet-new", "template", "mistral", "ai", "security" }, Text("tags").Split(' ').ToHashSet());
    }

    [Fact]
    public async Task Package_Contents_MatchTheApprovedList()
    {
        using var package = ZipFile.OpenRead((await fixture.PackAsync()).PackageFile);
        var names = package.Entries.Select(entry => entry.FullName).Where(name => !name.EndsWith(".psmdcp", StringComparison.Ordinal));

        Snapshot.Match("package", string.Join('\n', names.Order(StringComparer.Ordinal)) + "\n");
    }

    [Theory]
    [InlineData("/bin/")]
    [InlineData("/obj/")]
    [InlineData("/.env")]
    [InlineData("Directory.Build")]
    public async Task Package_Contents_HoldNothingOfTheWorkshop(string fragment)
    {
        using var package = ZipFile.OpenRead((await fixture.PackAsync()).PackageFile);
        var names = package.Entries.Select(entry => entry.FullName).ToArray();

        Assert.NotEmpty(names);
        Assert.DoesNotContain(names, name => name.Contains(fragment, StringComparison.Ordinal) && !name.EndsWith("/.env.example", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pack_Twice_GivesTheSameBytes()
    {
        var second = await TemplatePack.BuildPackageAsync(fixture.NewFolder("pack-twice"), TestContext.Current.CancellationToken);

        Assert.Equal(await File.ReadAllBytesAsync((await fixture.PackAsync()).PackageFile, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(second, TestContext.Current.CancellationToken));
    }
}
