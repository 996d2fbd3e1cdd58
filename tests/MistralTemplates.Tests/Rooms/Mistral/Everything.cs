using System.Diagnostics;
using Microsoft.Extensions.Logging.Testing;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>All the text that a log record or a span holds, to look for what must not be there.</summary>
internal static class Everything
{
    public static string Of(FakeLogRecord record) => string.Join('\n',
        [record.Message, record.Exception?.ToString(), .. record.StructuredState?.Select(pair => $"{pair.Key}={pair.Value}") ?? [], .. record.Scopes.Select(Flatten)]);

    public static string Of(Activity span) => string.Join('\n',
        [
            span.DisplayName, span.StatusDescription, .. span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"),
            .. span.Events.SelectMany(item => item.Tags.Select(tag => $"{item.Name} {tag.Key}={tag.Value}")), .. span.Baggage.Select(pair => $"{pair.Key}={pair.Value}"),
        ]);

    private static string? Flatten(object? scope) =>
        scope is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join('\n', pairs.Select(pair => $"{pair.Key}={pair.Value}")) : scope?.ToString();
}
