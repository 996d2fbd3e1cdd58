using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Acme.App.Guards;
using Microsoft.Net.Http.Headers;

namespace Acme.App.Chat;

/// <summary>Reads a request's body as strictly as its type was declared. What is wrong is told by its place, never by what stands there.</summary>
internal static class RequestBody
{
    public const int LongestPath = 200;

    // Each may become an object a hundred times as large as its JSON, which two letters can be.
    private const int MostValues = 50_000;
    private const int FirstBytes = 4096;

    public static async Task<T> ReadAsync<T>(this HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        // JSON that is exchanged is UTF-8 (RFC 8259, 8.1); a charset may stand in quotes (RFC 9110, 8.3.1).
        var charset = HeaderUtilities.RemoveQuotes(request.GetTypedHeaders().ContentType?.Charset ?? default);
        if (!request.HasJsonContentType() || (charset.HasValue && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            throw new BadHttpRequestException("The content type must be JSON in UTF-8.", StatusCodes.Status415UnsupportedMediaType);
        try
        {
            using var body = new MemoryStream(FirstBytes);
            await request.Body.CopyToAsync(body, cancellationToken);
            if (HasTooManyValues(body.GetBuffer().AsSpan(0, (int)body.Length)))
                throw CompletionRequests.Refused("$", $"The body has more than {MostValues} values. Send fewer.");
            body.Position = 0;
            return JsonSerializer.Deserialize(body, type) ?? throw Unreadable("$");
        }
        catch (JsonException exception)
        {
            // The path of what stands within a message's content begins there.
            var whole = exception.Path + (exception.InnerException as JsonException)?.Path?[1..];
            throw Unreadable(whole is { Length: > 2 and <= LongestPath } && whole.StartsWith("$.", StringComparison.Ordinal) ? whole[2..] : "$");
        }
    }

    private static bool HasTooManyValues(ReadOnlySpan<byte> body)
    {
        if (body.Length <= MostValues)
            return false;
        var reader = new Utf8JsonReader(body.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body);
        var values = 0;
        try
        {
            while (values <= MostValues && reader.Read())
                values += reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray ? 0 : 1;
        }
        catch (JsonException)
        {
            // Whoever reads it next ends there as well, and tells the place.
        }

        return values > MostValues;
    }

    private static ChatRefusedException Unreadable(string path) =>
        new(ChatRefusedException.InvalidRequest, "The body is not a request in JSON as this endpoint takes it.")
        {
            Errors = new Dictionary<string, string[]> { [path] = ["The field is unknown, repeated, or of the wrong type, or the JSON is malformed here."] },
        };
}
