using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.FileSystemGlobbing;

namespace MistralTemplates.Tests.Lint;

/// <summary>
/// A file that holds nothing to replace is copied, since the engine takes a buffer of 8 MB for each file that it searches; and a file that
/// holds something is searched, or it would reach the user with the template's own name in it.
/// </summary>
public sealed class CopyOnlyTests(PackFixture fixture)
{
    private static readonly string[] s_replaced = ["Acme-App", "Acme.App", "localhost:5080", "localhost:7080", "#if", "6f2d2b0e-6c0e-4d0b-9a55-0f6f0c4e7a10"];

    [Theory]
    [InlineData("mistral-secure")]
    [InlineData("mistral-secure-api")]
    [InlineData("mistral-secure-console")]
    [InlineData("mistral-secure-worker")]
    public async Task CopyOnly_OfEachSource_NamesTheFilesThatHoldNothingToReplace(string template)
    {
        using var package = ZipFile.OpenRead((await fixture.PackAsync()).PackageFile);
        var files = package.Entries.Where(entry => !entry.FullName.Contains("/.template.config/", StringComparison.Ordinal)).ToDictionary(entry => "/" + entry.FullName, Text);

        foreach (var source in TemplateFiles.Read(template).GetProperty("sources").EnumerateArray())
        {
            var folder = new Uri(new Uri($"file:///content/{template}/"), source.GetProperty("source").GetString()!).AbsolutePath;
            var copied = new Matcher();
            foreach (var pattern in source.TryGetProperty("copyOnly", out var patterns) ? patterns.EnumerateArray() : default(JsonElement.ArrayEnumerator))
                copied.AddInclude(pattern.GetString()!);
            var below = files.Where(file => file.Key.StartsWith(folder, StringComparison.Ordinal)).ToDictionary(file => file.Key[folder.Length..], file => file.Value);

            Assert.NotEmpty(below);
            Assert.Equal(
                below.Where(file => !s_replaced.Any(file.Value.Contains)).Select(file => file.Key).Order(),
                below.Keys.Where(name => copied.Match(name).HasMatches).Order());
        }
    }

    /// <summary>The list above is that of the templates.</summary>
    [Fact]
    public void Replaced_IsWhatTheTemplatesReplace()
    {
        var symbols = TemplateFiles.Symbols("mistral-secure").ToArray();
        var replaced = symbols.Where(symbol => symbol.Value.TryGetProperty("replaces", out _)).Select(symbol =>
            (symbol.Value.TryGetProperty("onlyIf", out var onlyIf) ? onlyIf[0].GetProperty("after").GetString() : "") + symbol.Value.GetProperty("replaces").GetString());
        var guids = TemplateFiles.Read("mistral-secure").GetProperty("guids").EnumerateArray().Select(guid => guid.GetString()!);

        Assert.Equal(s_replaced.Order(), replaced.Concat(guids).Append("#if").Order());
    }

    private static string Text(ZipArchiveEntry entry)
    {
        using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
