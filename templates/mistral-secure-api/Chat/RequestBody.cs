using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Acme.App.Guards;

namespace Acme.App.Chat;

/// <summary>Reads a request's body as strictly as its type was declared. What is wrong is told by its place, never by what stands there.</summary>
internal static class RequestBody
{
    private const int LongestPath = 200;

    public static async Task<T> ReadAsync<T>(this HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (!request.HasJsonContentType())
            throw new BadHttpRequestException("The content type must be JSON.", StatusCodes.Status415UnsupportedMediaType);
        try
        {
            return await request.ReadFromJsonAsync(type, cancellationToken) ?? throw Unreadable("$");
        }
        catch (JsonException exception)
        {
            throw Unreadable(exception.Path is { Length: > 2 and <= LongestPath } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "$");
        }
    }

    private static ChatRefusedException Unreadable(string path) =>
        new(ChatRefusedException.InvalidRequest, "The body is not a request in JSON as this endpoint takes it.")
        {
            Errors = new Dictionary<string, string[]> { [path] = ["The field is unknown, repeated, or of the wrong type, or the JSON is malformed here."] },
        };
}
