using System.Globalization;
using System.Text.Json;
using Acme.App.Guards;
using Spectre.Console;

namespace Acme.App.Operations;

/// <summary>
/// Shows records: to a person as a table, day by day; to a program one to a line, with every field but those of the chain. A value that could
/// steer the terminal stays escaped, as the log has it.
/// </summary>
internal sealed class AuditRecordPrinter(IAnsiConsole output)
{
    private const int RowsAtATime = 100;
    private const int DayLength = 10;
    private const int TimestampLength = 19;

    private static readonly string[] s_apart = ["version", "sequence", "keyId", "timestamp", "action", "previousMac", "mac"];

    public void Print(IEnumerable<string> lines)
    {
        if (output.Profile.Out.IsTerminal)
            PrintTables(lines);
        else
            foreach (var line in lines)
                output.Profile.Out.Writer.WriteLine(PlainOf(line));
    }

    public static bool Matches(string line, IReadOnlySet<string> users, DateTimeOffset? since, string? action)
    {
        using var document = TryParse(line);
        return document is { RootElement: var record }
            && (users.Count == 0 || users.Contains(Value(record, "userId") ?? ""))
            && (since is null || (DateTimeOffset.TryParse(Value(record, "timestamp"), CultureInfo.InvariantCulture, out var at) && at >= since))
            && (action is null || Value(record, "action") is { } name && (name == action || name.StartsWith(action + ".", StringComparison.Ordinal)));
    }

    // Fixed widths, so that the rows stand below one another although they are shown as they are read.
    private void PrintTables(IEnumerable<string> lines)
    {
        var (day, table) = ("", NewTable());
        foreach (var line in lines)
        {
            using var document = TryParse(line);
            var timestamp = document is null ? "" : Raw(document.RootElement, "timestamp");
            var itsDay = timestamp.Length < TimestampLength ? day : timestamp[..DayLength];
            if (itsDay != day || table.Rows.Count == RowsAtATime)
            {
                Show(table);
                table = NewTable();
            }

            if (itsDay != day)
                output.Write(new Text($"{itsDay} UTC\n", new Style(decoration: Decoration.Bold)));
            day = itsDay;
            table.AddRow(timestamp.Length < TimestampLength
                ? [new Text(""), new Text("not a record", Color.Red), new Text(""), new Text("Run \"audit verify\".")]
                : RowOf(document!.RootElement, timestamp));
        }

        Show(table);
    }

    private static Text[] RowOf(JsonElement record, string timestamp) =>
    [
        new(timestamp[(DayLength + 1)..TimestampLength], Color.Grey),
        new(Raw(record, "action"), ColourOf(record)),
        new(Raw(record, "userId")),
        new(Told(record)),
    ];

    private void Show(Table table)
    {
        if (table.Rows.Count > 0)
            output.Write(table);
    }

    private static Table NewTable()
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().Expand();
        foreach (var width in new[] { 8, 15, 16 })
            table.AddColumn(new TableColumn("") { Width = width, Padding = new Padding(0, 0, 2, 0) });
        return table.AddColumn(new TableColumn("") { Padding = new Padding(0) });
    }

    private static Color ColourOf(JsonElement record) => Raw(record, "action") switch
    {
        _ when Raw(record, "success") == "true" => Raw(record, "action").StartsWith("audit.", StringComparison.Ordinal) ? Color.Grey : Color.Green,
        "chat.refused" or "chat.cancelled" or "access.denied" or "limit.exceeded" => Color.Yellow,
        _ => Color.Red,
    };

    private static string Told(JsonElement record)
    {
        var model = Raw(record, "modelAnswered") is { Length: > 0 } answered ? answered : Raw(record, "modelAsked");
        var tokens = Raw(record, "tokensTotal") is { Length: > 0 } ? $"{Raw(record, "tokensIn")}+{Raw(record, "tokensOut")} tokens" : "";
        var duration = Raw(record, "durationMs") is { Length: > 0 } milliseconds ? milliseconds + " ms" : "";
        var kinds = Raw(record, "kinds").Trim('[', ']', '"').Replace("\",\"", ", ", StringComparison.Ordinal);
        string[] parts = [Raw(record, "errorCode"), kinds, model, tokens, duration, Raw(record, "ipAddress"), Raw(record, "detail")];
        return string.Join(", ", parts.Where(part => part.Length > 0));
    }

    private static string PlainOf(string line)
    {
        using var document = TryParse(line);
        if (document is not { RootElement: var record })
            return "(not a record: run \"audit verify\")";

        var fields = record.EnumerateObject().Select(field => field.Name).Except(s_apart).Where(name => name.All(char.IsAsciiLetter))
            .Select(name => $"{name}={Raw(record, name)}");
        return $"{Raw(record, "timestamp")}  {Raw(record, "action"),-16}  {string.Join("  ", fields)}";
    }

    private static string Raw(JsonElement record, string name) =>
        Value(record, name) is { } text && !text.AsSpan().ContainsAny('\n', '\t') && TerminalText.Clean(text) == text ? text
        : record.TryGetProperty(name, out var value) ? TerminalText.Clean(value.GetRawText().Trim('"'))
        : "";

    private static string? Value(JsonElement record, string name)
    {
        try
        {
            return record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which no writer of ours leaves.
            return null;
        }
    }

    private static JsonDocument? TryParse(string line)
    {
        try
        {
            var document = JsonDocument.Parse(line);
            var record = document.RootElement;
            return record.ValueKind == JsonValueKind.Object && record.EnumerateObject().All(field => field.Name.Length > 0) ? document : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter for half of a surrogate pair in a name.
            return null;
        }
    }
}
