using System.Text.Json;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests;

/// <summary>An option of a template and the values it takes.</summary>
internal sealed record TemplateChoice(string Name, string[] Values);

/// <summary>Each template.json with the files it brings in.</summary>
internal static class TemplateFiles
{
    public static string Folder { get; } = Path.Combine(TemplatePack.RepositoryRoot, "templates");

    public static string ConfigFile(string template) => Path.Combine(Folder, template, ".template.config", "template.json");

    public static JsonElement Read(string template) => ReadJson(ConfigFile(template));

    public static JsonElement ReadJson(string file) => JsonDocument.Parse(File.ReadAllText(file)).RootElement;

    public static IEnumerable<string> AdditionalFiles(string template) =>
        Read(template).GetProperty("additionalConfigFiles").EnumerateArray().Select(name => Path.Combine(Folder, "config", name.GetString()!));

    public static IEnumerable<JsonProperty> Symbols(string template) => AdditionalFiles(template)
        .Select(ReadJson)
        .Append(Read(template))
        .SelectMany(file => file.TryGetProperty("symbols", out var symbols) ? symbols.EnumerateObject() : Enumerable.Empty<JsonProperty>());

    /// <summary>The options that choose among values.</summary>
    public static IReadOnlyList<TemplateChoice> Choices(string template) =>
        [.. Symbols(template).Where(symbol => symbol.Value.TryGetProperty("choices", out _))
            .Select(symbol => new TemplateChoice(symbol.Name, [.. symbol.Value.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("choice").GetString()!)]))];
}
