using System.Text.Json;
using System.Text.RegularExpressions;

namespace MistralTemplates.Tests.Lint;

/// <summary>
/// The engine passes over a property that it does not know and a value of the wrong type. Here each property has to be one of those that the
/// published schema of template.json and of the host files has and that these templates use, with its type.
/// </summary>
public sealed partial class TemplateSchemaTests
{
    private static readonly string[] s_reservedNames = ["install", "uninstall", "update", "list", "search", "details", "create"];

    // Kind, property (! where it has to be), type: text, flag, number, texts, =one|of|these, [list of kind], {kind by name}, or a kind.
    private static readonly ILookup<string, Rule> s_rules = """
        template $schema! text
        template author! text
        template classifications! texts
        template name! text
        template description! text
        template identity! text
        template groupIdentity! text
        template shortName! text
        template tags! tags
        template defaultName! text
        template preferDefaultName flag
        template preferNameDirectory flag
        template additionalConfigFiles texts
        template guids guids
        template sources! [source]
        template symbols {symbol}
        template primaryOutputs! [output]
        template postActions! [action]
        part symbols {symbol}
        part forms {form}
        tags language! =C#
        tags type! =project|solution|item
        source source! folder
        source target! folder
        source condition condition
        source include texts
        source exclude texts
        source copyOnly texts
        source modifiers [modifier]
        modifier condition condition
        modifier include texts
        modifier exclude! texts
        modifier copyOnly texts
        parameter type! =parameter
        parameter datatype! =choice|bool|text
        parameter defaultValue! text
        parameter displayName! text
        parameter description! text
        parameter choices [choice]
        choice choice! text
        choice displayName! text
        choice description! text
        derived type! =derived
        derived valueSource! text
        derived valueTransform! text
        derived replaces text
        derived fileRename text
        bind type! =bind
        bind binding! text
        bind defaultValue! text
        generated type! =generated
        generated generator! =port
        generated parameters! port
        generated replaces! text
        generated onlyIf [context]
        port low! number
        port high! number
        port fallback! number
        context after text
        context before text
        chain identifier! =chain
        chain steps! texts
        replace identifier! =replace
        replace pattern! pattern
        replace replacement! anything
        output path! text
        output condition condition
        action id! text
        action actionId! guid
        action condition condition
        action description! text
        action manualInstructions! [instruction]
        action args {text}
        action continueOnError flag
        action applyFileRenamesToManualInstructions flag
        instruction id text
        instruction condition condition
        instruction text! text
        cli $schema! text
        cli symbolInfo! {cliSymbol}
        cliSymbol longName text
        cliSymbol shortName anything
        cliSymbol isHidden flag
        ide $schema! text
        ide icon! file
        ide symbolInfo! [ideSymbol]
        ideSymbol id! text
        ideSymbol isVisible flag
        """.Split('\n').Select(Rule.Parse).ToLookup(rule => rule.Kind);

    [Fact]
    public void Files_OfEveryTemplate_HoldWhatTheSchemaKnows()
    {
        var config = Path.Combine(TemplateFiles.Folder, "config");
        (string File, string Kind)[] files =
        [
            .. Directory.EnumerateDirectories(TemplateFiles.Folder, "mistral-secure*").Select(folder => (TemplateFiles.ConfigFile(Path.GetFileName(folder)), "template")),
            .. Directory.EnumerateFiles(TemplateFiles.Folder, "ide.host.json", SearchOption.AllDirectories).Select(file => (file, "ide")),
            .. Directory.EnumerateFiles(config, "*.template.json").Select(file => (file, "part")),
            (Path.Combine(config, "dotnetcli.host.json"), "cli"),
        ];

        Assert.Equal(13, files.Length);
        Assert.Empty(files.SelectMany(file => Faults(TemplateFiles.ReadJson(file.File), file.Kind, Path.GetRelativePath(TemplateFiles.Folder, file.File))));
    }

    [Theory]
    [InlineData("""{ "path": "a", "colour": "red" }""", "output", "here.colour is not known.")]
    [InlineData("""{ "condition": "(a)" }""", "output", "here.path is missing.")]
    [InlineData("""{ "path": 1 }""", "output", "here.path is no text.")]
    [InlineData("""{ "type": "parameter", "datatype": "colour", "defaultValue": "a", "displayName": "a", "description": "a" }""", "parameter", "here.datatype is no =choice|bool|text.")]
    [InlineData("""{ "type": "wish" }""", "symbol", "here is of no known type.")]
    [InlineData("""{ "identifier": "replace", "pattern": "(", "replacement": "" }""", "form", "here.pattern is no pattern.")]
    public void Faults_OfAWrongFile_AreFound(string json, string kind, string fault) =>
        Assert.Contains(fault, Faults(JsonDocument.Parse(json).RootElement, kind, "here"));

    [Fact]
    public void ShortNames_AreNoCommandsOfDotnetNew() =>
        Assert.All(TemplateConfigTests.Templates, template => Assert.DoesNotContain(TemplateFiles.Read(template.Data).GetProperty("shortName").GetString(), s_reservedNames));

    private static IEnumerable<string> Faults(JsonElement value, string type, string at)
    {
        if (type is "symbol" or "form")
        {
            var name = value.GetProperty(type == "symbol" ? "type" : "identifier").GetString()!;
            return s_rules.Contains(name) ? Faults(value, name, at) : [$"{at} is of no known type."];
        }

        if (type[0] == '[')
            return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany((item, index) => Faults(item, type[1..^1], $"{at}[{index}]")) : [$"{at} is no list."];
        if (type[0] == '{')
            return value.ValueKind == JsonValueKind.Object ? value.EnumerateObject().SelectMany(item => Faults(item.Value, type[1..^1], $"{at}.{item.Name}")) : [$"{at} is no object."];
        if (!s_rules.Contains(type))
            return IsOf(type, value) ? [] : [$"{at} is no {type}."];
        if (value.ValueKind != JsonValueKind.Object)
            return [$"{at} is no object."];

        var rules = s_rules[type].ToDictionary(rule => rule.Property);
        var missing = rules.Values.Where(rule => rule.IsRequired && !value.TryGetProperty(rule.Property, out _)).Select(rule => $"{at}.{rule.Property} is missing.");
        return missing.Concat(value.EnumerateObject().SelectMany(property =>
            rules.TryGetValue(property.Name, out var rule) ? Faults(property.Value, rule.Type, $"{at}.{property.Name}") : [$"{at}.{property.Name} is not known."]));
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "flag" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind == JsonValueKind.Number,
        "texts" => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value.EnumerateArray().All(item => IsOf("text", item)),
        "guids" => IsOf("texts", value) && value.EnumerateArray().All(item => IsOf("guid", item)),
        _ => value.ValueKind == JsonValueKind.String && IsOf(type, value.GetString()!),
    };

    private static bool IsOf(string type, string value) => type switch
    {
        "anything" => true,
        "text" => value.Length > 0,
        "guid" => Guid.TryParseExact(value, "D", out _),
        "folder" => value.StartsWith('.') && value.EndsWith('/') || value == "src/",
        "condition" => Condition().IsMatch(value),
        "file" => File.Exists(Path.Combine(Harness.TemplatePack.RepositoryRoot, value)),
        "pattern" => IsPattern(value),
        _ => type[1..].Split('|').Contains(value),
    };

    private static bool IsPattern(string value)
    {
        try
        {
            _ = new Regex(value);
            return true;
        }
        catch (RegexParseException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^\(.+\)$")]
    private static partial Regex Condition();

    private sealed record Rule(string Kind, string Property, bool IsRequired, string Type)
    {
        public static Rule Parse(string line)
        {
            var words = line.Trim().Split(' ');
            return new(words[0], words[1].TrimEnd('!'), words[1].EndsWith('!'), words[2]);
        }
    }
}
