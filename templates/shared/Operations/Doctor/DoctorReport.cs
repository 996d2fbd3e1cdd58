using System.Text.Json;
using System.Text.Json.Nodes;
using Acme.App.Guards;
using Spectre.Console;

namespace Acme.App.Operations.Doctor;

/// <summary>Writes the verdicts: a table for a person, JSON for a program, SARIF 2.1.0 for a code scanning service.</summary>
internal static class DoctorReport
{
    private const int CheckColumns = 24;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <param name="format"><c>table</c>, <c>json</c> or <c>sarif</c>.</param>
    /// <param name="checklist">The file at which SARIF shows a finding without a place.</param>
    /// <param name="isBrief">Whether a table in which all is well is too much: whoever commits sees it each time.</param>
    public static void Write(
        string format, IReadOnlyList<CheckResult> results, string checklist, TextWriter output, IAnsiConsole console, bool isBrief)
    {
        if (format == "table" && isBrief && results.All(result => result.Verdict.Mark == CheckMark.Passed))
            output.WriteLine(TerminalText.Clean(string.Join(' ', results.Select(result => result.Verdict.Found))));
        else if (format == "table")
            WriteTable(results, console);
        else
            output.WriteLine(JsonSerializer.Serialize(format == "json" ? ToJson(results) : ToSarif(results, checklist), s_json));
    }

    private static void WriteTable(IReadOnlyList<CheckResult> results, IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Horizontal, ShowRowSeparators = true };
        table.AddColumn(new TableColumn("").Width(4)).AddColumn(new TableColumn("Check").Width(CheckColumns)).AddColumn("Found, and how to mend it");
        foreach (var (check, verdict) in results)
        {
            var found = TerminalText.Clean(verdict.Remedy.Length == 0 ? verdict.Found : $"{verdict.Found}\nMend: {verdict.Remedy}");
            table.AddRow(new Markup(MarkOf(verdict.Mark)), new Text(check.Title), new Text(found));
        }

        console.Write(table);
        foreach (var place in results.SelectMany(result => result.Verdict.Places))
            // Not through the console, which breaks lines at its width.
            console.Profile.Out.Writer.WriteLine(TerminalText.Clean(place.ToString()).Replace('\n', '\uFFFD'));

        console.MarkupLineInterpolated(
            $"{Count(results, CheckMark.Passed)} passed, {Count(results, CheckMark.Failed)} failed, {Count(results, CheckMark.NotChecked)} not checked.");
    }

    private static string MarkOf(CheckMark mark) => mark switch
    {
        CheckMark.Passed => "[green]ok[/]",
        CheckMark.Failed => "[red]FAIL[/]",
        _ => "[yellow]?[/]",
    };

    private static int Count(IReadOnlyList<CheckResult> results, CheckMark mark) => results.Count(result => result.Verdict.Mark == mark);

    private static object ToJson(IReadOnlyList<CheckResult> results) => new
    {
        Passed = Count(results, CheckMark.Passed),
        Failed = Count(results, CheckMark.Failed),
        NotChecked = Count(results, CheckMark.NotChecked),
        Checks = results.Select(result => new
        {
            result.Check.Line,
            result.Check.Id,
            result.Check.Title,
            Mark = JsonNamingPolicy.CamelCase.ConvertName(result.Verdict.Mark.ToString()),
            result.Verdict.Found,
            result.Verdict.Remedy,
            Places = result.Verdict.Places.Select(place => new { place.Path, place.Line, place.Commit, place.Author, place.Fingerprint }),
        }),
    };

    /// <summary>The log of one run (OASIS SARIF 2.1.0). A code scanning service shows each result as an alert, so only failures are results.</summary>
    private static JsonObject ToSarif(IReadOnlyList<CheckResult> results, string checklist) => new()
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
                    ["rules"] = new JsonArray([.. results.Select(result => new JsonObject
                    {
                        ["id"] = result.Check.Id,
                        ["shortDescription"] = new JsonObject { ["text"] = result.Check.Title },
                    })]),
                },
            },
            ["invocations"] = new JsonArray(new JsonObject
            {
                ["executionSuccessful"] = true,
                ["toolExecutionNotifications"] = new JsonArray([.. results.Where(result => result.Verdict.Mark == CheckMark.NotChecked)
                    .Select(result => new JsonObject
                    {
                        ["level"] = "warning",
                        ["descriptor"] = new JsonObject { ["id"] = result.Check.Id },
                        ["message"] = new JsonObject { ["text"] = result.Verdict.Found },
                    })]),
            }),
            ["results"] = new JsonArray([.. results.SelectMany((result, rule) => ToSarif(result, rule, checklist))]),
        }),
    };

    private static IEnumerable<JsonNode> ToSarif(CheckResult result, int rule, string checklist)
    {
        var verdict = result.Verdict;
        IEnumerable<Place> places = verdict.Mark != CheckMark.Failed ? [] : verdict.Places.Count > 0 ? verdict.Places : [new Place(checklist)];
        return places.Select(place => (place, file: place.IsFile ? place : new Place(checklist))).Select(shown => new JsonObject
        {
            ["ruleId"] = result.Check.Id,
            ["ruleIndex"] = rule,
            ["level"] = "error",
            ["message"] = new JsonObject { ["text"] = $"{verdict.Found} {(verdict.Places.Count > 0 ? $"Here: {shown.place}. " : "")}{verdict.Remedy}".Trim() },
            ["locations"] = new JsonArray(new JsonObject
            {
                ["physicalLocation"] = new JsonObject
                {
                    ["artifactLocation"] = new JsonObject
                    {
                        ["uri"] = string.Join('/', shown.file.Path.Split('/', Path.DirectorySeparatorChar).Select(Uri.EscapeDataString)),
                    },
                    ["region"] = new JsonObject { ["startLine"] = shown.file.Line },
                },
            }),
        });
    }
}
