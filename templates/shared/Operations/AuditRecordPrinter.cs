using System.Globalization;
using System.Text.Json;

namespace Acme.App.Operations;

/// <summary>Shows records one to a line. Values stay escaped as the log has them, so that none can steer the terminal.</summary>
internal static class AuditRecordPrinter
{
    private static readonly string[] s_fields = ["userId", "ipAddress", "requestId", "modelAnswered", "tokensTotal", "durationMs", "errorCode", "kinds", "detail"];

    public static void Print(IEnumerable<string> lines, TextWriter output)
    {
        foreach (var line in lines)
        {
            using var document = TryParse(line);
            output.WriteLine(document is null ? "(not a record: run \"audit verify\")" : Format(document.RootElement));
        }
    }

    public static bool Matches(string line, IReadOnlySet<string> users, DateTimeOffset? since, string? action)
    {
        using var document = TryParse(line);
        return document is { RootElement: var record }
            && (users.Count == 0 || users.Contains(Value(record, "userId") ?? ""))
            && (since is null || (DateTimeOffset.TryParse(Value(record, "timestamp"), CultureInfo.InvariantCulture, out var at) && at >= since))
            && (action is null || Value(record, "action") is { } name && (name == action || name.StartsWith(action + ".", StringComparison.Ordinal)));
    }

    private static string Format(JsonElement record)
    {
        var fields = s_fields.Where(name => record.TryGetProperty(name, out _)).Select(name => $"{name}={Raw(record, name)}");
        return $"{Raw(record, "timestamp")}  {Raw(record, "action"),-16}  {string.Join("  ", fields)}";
    }

    private static string Raw(JsonElement record, string name) => record.TryGetProperty(name, out var value) ? value.GetRawText().Trim('"') : "";

    private static string? Value(JsonElement record, string name) =>
        record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument? TryParse(string line)
    {
        try
        {
            var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
