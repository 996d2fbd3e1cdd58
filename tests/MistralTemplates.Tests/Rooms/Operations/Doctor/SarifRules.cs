using System.Text.Json;

namespace MistralTemplates.Tests.Rooms.Operations.Doctor;

/// <summary>
/// The rules of SARIF 2.1.0 (OASIS, sections 3.13 to 3.58) for the objects that the doctor writes: which members each may have, of which type, and
/// which it must have. The format closes every object, so that one more member is an error, too.
/// </summary>
internal static class SarifRules
{
    private static readonly Dictionary<string, string[]> s_objects = new()
    {
        ["log"] = ["$schema:uri", "version!:version", "runs!:[run]"],
        ["run"] = ["tool!:tool", "invocations:[invocation]", "results:[result]"],
        ["tool"] = ["driver!:driver"],
        ["driver"] = ["name!:text", "rules:[rule]"],
        ["rule"] = ["id!:text", "shortDescription:message"],
        ["message"] = ["text:text"],
        ["invocation"] = ["executionSuccessful!:flag", "toolExecutionNotifications:[notification]"],
        ["notification"] = ["level:level", "descriptor:descriptor", "message!:message"],
        ["descriptor"] = ["id:text"],
        ["result"] = ["ruleId:text", "ruleIndex:index", "level:level", "message!:message", "locations:[location]"],
        ["location"] = ["physicalLocation:place"],
        ["place"] = ["artifactLocation:artifact", "region:region"],
        ["artifact"] = ["uri:reference"],
        ["region"] = ["startLine:line"],
    };

    public static void Hold(JsonElement sarif)
    {
        Check(sarif, "log", "$");
        foreach (var run in sarif.GetProperty("runs").EnumerateArray())
        {
            var ids = run.GetProperty("tool").GetProperty("driver").GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("id").GetString()).ToList();
            Assert.Equal(ids.Distinct(), ids);
            Assert.All(run.GetProperty("results").EnumerateArray(), result => Assert.Equal(ids[result.GetProperty("ruleIndex").GetInt32()], result.GetProperty("ruleId").GetString()));
        }
    }

    private static void Check(JsonElement element, string type, string path)
    {
        if (type[0] == '[')
        {
            Assert.True(element.ValueKind == JsonValueKind.Array, $"{path} is no array.");
            foreach (var (index, item) in element.EnumerateArray().Index())
                Check(item, type[1..^1], $"{path}[{index}]");
        }
        else if (s_objects.TryGetValue(type, out var members))
        {
            Assert.True(element.ValueKind == JsonValueKind.Object, $"{path} is no object.");
            var types = members.ToDictionary(member => member.Split(':')[0].TrimEnd('!'), member => member.Split(':')[1]);
            foreach (var member in element.EnumerateObject())
            {
                Assert.True(types.TryGetValue(member.Name, out var expected), $"{path} may not have {member.Name}.");
                Check(member.Value, expected, $"{path}.{member.Name}");
            }

            Assert.All(members.Where(member => member.Contains('!', StringComparison.Ordinal)), member => Assert.True(element.TryGetProperty(member.Split('!')[0], out _), $"{path} lacks {member}"));
        }
        else
        {
            Assert.True(IsOf(element, type), $"{path} is no {type}: {element}");
        }
    }

    private static bool IsOf(JsonElement element, string type) => type switch
    {
        "flag" => element.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "index" => element.GetInt32() >= 0,
        "line" => element.GetInt32() >= 1,
        "level" => element.GetString() is "none" or "note" or "warning" or "error",
        "version" => element.GetString() == "2.1.0",
        "uri" => Uri.TryCreate(element.GetString(), UriKind.Absolute, out _),
        "reference" => Uri.IsWellFormedUriString(element.GetString(), UriKind.RelativeOrAbsolute),
        _ => element.GetString() is { Length: > 0 },
    };
}
