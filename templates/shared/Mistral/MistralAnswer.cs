using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Acme.App.Mistral;

/// <summary>A success of Mistral's, whose body is still to be read. Disposing it early closes the connection.</summary>
internal sealed class MistralAnswer(HttpResponseMessage response, Stream body, CallClock clock) : IDisposable
{
    public string? CorrelationId { get; } = MistralErrors.CorrelationId(response);

    public string? MediaType => response.Content.Headers.ContentType?.MediaType;

    public Stream Body => body;

    public async ValueTask<T> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw Unreadable();
        }
        catch (JsonException)
        {
            throw Unreadable();
        }
    }

    public MistralException Unreadable() => Failure(MistralErrorKind.Unreadable, "Mistral's answer was not what its API gives.");

    public MistralException Failure(MistralErrorKind kind, string message) => new(kind, message) { CorrelationId = CorrelationId };

    public void Dispose()
    {
        response.Dispose();
        clock.Dispose();
    }
}
