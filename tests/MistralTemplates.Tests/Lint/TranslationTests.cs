using System.Text.Json;

namespace MistralTemplates.Tests.Lint;

/// <summary>Each language has every string of every template, and none that no template has.</summary>
public sealed class TranslationTests
{
    private static readonly string[] s_templates = ["mistral-secure", "mistral-secure-api", "mistral-secure-console", "mistral-secure-worker"];

    [Theory]
    [InlineData("de")]
    [InlineData("es")]
    [InlineData("fr")]
    [InlineData("ja")]
    [InlineData("zh-Hans")]
    public void Strings_OfEachLanguage_AreThoseOfTheTemplates(string language)
    {
        var strings = TemplateFiles.ReadJson(Path.Combine(TemplateFiles.Folder, "config", "localize", $"templatestrings.{language}.json"))
            .EnumerateObject().ToDictionary(text => text.Name, text => text.Value.GetString()!);
        var needed = s_templates.SelectMany(Keys).Distinct().ToArray();

        Assert.NotEmpty(needed);
        Assert.Empty(needed.Where(key => !strings.ContainsKey(key)).Select(key => $"missing: {key}"));
        Assert.Empty(strings.Keys.Except(needed).Select(key => $"in no template: {key}"));
        Assert.DoesNotContain(strings.Values, string.IsNullOrWhiteSpace);
    }

    /// <summary>A command is the same in every language.</summary>
    [Theory]
    [InlineData("de")]
    [InlineData("es")]
    [InlineData("fr")]
    [InlineData("ja")]
    [InlineData("zh-Hans")]
    public void Instructions_OfEachLanguage_HoldTheCommandsOfTheTemplate(string language)
    {
        var strings = TemplateFiles.ReadJson(Path.Combine(TemplateFiles.Folder, "config", "localize", $"templatestrings.{language}.json"));
        var texts = s_templates.SelectMany(template => Instructions(template).Select(text => (Key: $"{template}/{text.Key}", text.Text))).ToArray();

        Assert.NotEmpty(texts);
        Assert.All(texts, text => Assert.Equal(Commands(text.Text), Commands(strings.GetProperty(text.Key).GetString()!)));
    }

    private static IEnumerable<string> Keys(string template)
    {
        yield return $"{template}/name";
        yield return $"{template}/description";
        foreach (var symbol in TemplateFiles.Symbols(template).Where(symbol => symbol.Value.GetProperty("type").GetString() == "parameter"))
        {
            yield return $"symbols/{symbol.Name}/displayName";
            yield return $"symbols/{symbol.Name}/description";
            foreach (var choice in symbol.Value.TryGetProperty("choices", out var choices) ? choices.EnumerateArray().Select(one => one.GetProperty("choice").GetString()) : [])
            {
                yield return $"symbols/{symbol.Name}/choices/{choice}/displayName";
                yield return $"symbols/{symbol.Name}/choices/{choice}/description";
            }
        }

        yield return "postActions/restore/description";
        yield return "postActions/restore/manualInstructions/default/text";
        yield return "postActions/nextSteps/description";
        if (TemplateFiles.Read(template).GetProperty("postActions").EnumerateArray().Any(action => action.GetProperty("id").GetString() == "executableHook"))
        {
            yield return $"{template}/postActions/executableHook/description";
            yield return $"{template}/postActions/executableHook/manualInstructions/default/text";
        }

        foreach (var text in Instructions(template))
            yield return $"{template}/{text.Key}";
    }

    private static IEnumerable<(string Key, string Text)> Instructions(string template) => TemplateFiles.Read(template)
        .GetProperty("postActions").EnumerateArray().Single(action => action.GetProperty("id").GetString() == "nextSteps")
        .GetProperty("manualInstructions").EnumerateArray()
        .Select(text => ($"postActions/nextSteps/manualInstructions/{Id(text)}/text", text.GetProperty("text").GetString()!));

    private static string Id(JsonElement text) => text.TryGetProperty("id", out var id) ? id.GetString()! : "default";

    private static string[] Commands(string text) =>
        [.. text.Split('\n', ' ', '，', '、', '：', '；', '（', '）').Select(word => word.TrimEnd(':')).Where(word => word.StartsWith("--", StringComparison.Ordinal) || word.Contains('/') || word.Contains('{') || word is "dotnet" or "run" or "test" or "chat" or "curl")];
}
