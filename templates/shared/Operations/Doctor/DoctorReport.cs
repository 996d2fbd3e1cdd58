using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Acme.App.Operations.Doctor;

/// <summary>Writes the verdicts: a table for a person, JSON for a program, SARIF 2.1.0 for a code scanning service.</summary>
internal static class DoctorReport
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.Default };

    public static void Write(string format, IReadOnlyList<CheckResult> results, TextWriter output, IAnsiConsole console)
    {
        if (format == "table")
            WriteTable(results, console);
        else
            output.WriteLine((format == "json" ? ToJson(results) : ToSarif(results)).ToJsonString(s_json));
    }

    private static void WriteTable(IReadOnlyList<CheckResult> results, IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Rounded, ShowRowSeparators = true, Expand = false };
        table.AddColumn(new TableColumn("").NoWrap()).AddColumn("Check").AddColumn("Found").AddColumn("Mend");
        foreach (var (check, verdict) in results)
            table.AddRow(new Markup(MarkOf(verdict.Mark)), new Text(check.Title), new Text(Clean(verdict.Found)), new Text(Clean(verdict.Remedy)));
        console.Write(table);
        console.MarkupLineInterpolated($"{Count(results, CheckMark.Passed)} passed, {Count(results, CheckMark.Failed)} failed, {Count(results, CheckMark.NotChecked)} not checked.");
    }

    // A path or an author's name may hold what steers a terminal.
    private static string Clean(string text) => string.Concat(text.Select(character => char.IsControl(character) ? '\uFFFD' : character));

    private static string MarkOf(CheckMark mark) => mark switch
    {
        CheckMark.Passed => "[green]ok[/]",
        CheckMark.Failed => "[red]FAIL[/]",
        _ => "[yellow]?[/]",
    };

    private static int Count(IReadOnlyList<CheckResult> results, CheckMark mark) => results.Count(result => result.Verdict.Mark == mark);

    private static JsonObject ToJson(IReadOnlyList<CheckResult> results) => new()
    {
        ["passed"] = Count(results, CheckMark.Passed),
        ["failed"] = Count(results, CheckMark.Failed),
        ["notChecked"] = Count(results, CheckMark.NotChecked),
        ["checks"] = new JsonArray([.. results.Select(result => new JsonObject
        {
            ["line"] = result.Check.Line,
            ["id"] = result.Check.Id,
            ["title"] = result.Check.Title,
            ["mark"] = JsonNamingPolicy.CamelCase.ConvertName(result.Verdict.Mark.ToString()),
            ["found"] = result.Verdict.Found,
            ["remedy"] = result.Verdict.Remedy,
            ["places"] = new JsonArray([.. result.Verdict.Places.Select(place => new JsonObject { ["path"] = place.Path, ["line"] = place.Line, ["commit"] = place.Commit, ["author"] = place.Author })]),
        })]),
    };

    /// <summary>The log of one run (OASIS SARIF 2.1.0). A code scanning service shows failures; the other kinds are for whoever reads the file.</summary>
    private static JsonObject ToSarif(IReadOnlyList<CheckResult> results) => new()
    {
        ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
        ["version"] = "2.1.0",
        ["runs"] = new JsonArray(new JsonObject
        {
            ["tool"] = new JsonObject
            {
                ["driver"] = new JsonObject
                {
                    ["name"] = "doctor",
                    ["rules"] = new JsonArray([.. results.Select(result => new JsonObject { ["id"] = result.Check.Id, ["shortDescription"] = new JsonObject { ["text"] = result.Check.Title } })]),
                },
            },
            ["results"] = new JsonArray([.. results.SelectMany((result, index) => ToSarif(result, index))]),
        }),
    };

    private static IEnumerable<JsonNode> ToSarif(CheckResult result, int rule)
    {
        var verdict = result.Verdict;
        IEnumerable<Place> places = verdict.Places.Count > 0 ? verdict.Places : [new Place("SECURITY.md")];
        return places.Select(place => new JsonObject
        {
            ["ruleId"] = result.Check.Id,
            ["ruleIndex"] = rule,
            // Only a failure has a level; "open" is what SARIF calls a check that could not be made.
            ["kind"] = verdict.Mark switch { CheckMark.Passed => "pass", CheckMark.Failed => "fail", _ => "open" },
            ["level"] = verdict.Mark == CheckMark.Failed ? "error" : "none",
            ["message"] = new JsonObject { ["text"] = $"{verdict.Found} {verdict.Remedy}".Trim() },
            ["locations"] = new JsonArray(new JsonObject
            {
                ["physicalLocation"] = new JsonObject
                {
                    ["artifactLocation"] = new JsonObject { ["uri"] = string.Join('/', place.Path.Replace('\\', '/').Split('/').Select(Uri.EscapeDataString)) },
                    ["region"] = new JsonObject { ["startLine"] = place.Line },
                },
            }),
        });
    }
}
