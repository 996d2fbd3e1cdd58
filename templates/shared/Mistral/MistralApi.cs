using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Acme.App.Keys;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Acme.App.Mistral;

/// <summary>Sends requests to Mistral with the current key; every failure leaves it as a <see cref="MistralException"/>.</summary>
/// <param name="keys">Lazy, since the keys' room may itself ask this one to check a key.</param>
internal sealed class MistralApi(IHttpClientFactory clients, Lazy<IApiKeys> keys, IOptions<MistralOptions> options, TimeProvider time)
{
    public const string ClientName = "Mistral";

    private const int LongestErrorBody = 64 * 1024;

    private readonly Uri _base = BaseOf(options.Value.Endpoint);

    public Task<MistralAnswer> GetAsync(string path, ApiKey? key, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, key, cancellationToken);

    public Task<MistralAnswer> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, type), null, cancellationToken);

    private static Uri BaseOf(Uri endpoint)
    {
        var address = endpoint.ToString().TrimEnd('/');
        return new Uri(address.EndsWith("/v1", StringComparison.Ordinal) ? $"{address}/" : $"{address}/v1/");
    }

    private async Task<MistralAnswer> SendAsync(HttpMethod method, string path, byte[]? body, ApiKey? given, CancellationToken cancellationToken)
    {
        if (options.Value.Offline)
            throw new MistralException(MistralErrorKind.Unavailable, "Mistral is not asked while 'Mistral:Offline' is on.");
        var clock = new CallClock(time, options.Value.Resilience.TotalTimeout, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            var key = given ?? keys.Value.Current;
            response = await AttemptAsync(method, path, body, key, clock);
            if (response.StatusCode == HttpStatusCode.Unauthorized && given is null
                && await keys.Value.RefreshAsync(key, clock.Token) is var next && next.Fingerprint != key.Fingerprint)
            {
                response.Dispose();
                response = await AttemptAsync(method, path, body, next, clock);
            }

            var stream = await response.Content.ReadAsStreamAsync(clock.Token);
            var idle = options.Value.Resilience.IdleTimeout;
            if (!response.IsSuccessStatusCode)
                throw MistralErrors.From(response, await ReadErrorAsync(new AnswerStream(stream, clock, idle, LongestErrorBody), cancellationToken), time);
            clock.Stop();
            return new MistralAnswer(response, new AnswerStream(stream, clock, idle, options.Value.MaxResponseBytes), clock);
        }
        catch
        {
            response?.Dispose();
            clock.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(HttpMethod method, string path, byte[]? body, ApiKey key, CallClock clock)
    {
        using var client = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(method, new Uri(_base, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Sendable(key));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token);
        }
        catch (OperationCanceledException)
        {
            throw clock.Explain();
        }
        catch (TimeoutRejectedException)
        {
            throw new MistralException(MistralErrorKind.TimedOut, "Mistral did not begin to answer in time. See 'Mistral:Resilience:AttemptTimeout'.");
        }
        catch (BrokenCircuitException)
        {
            throw new MistralException(MistralErrorKind.Unavailable, "Mistral failed too often just now and is left alone for a moment.");
        }
        catch (HttpRequestException exception)
        {
            throw new MistralException(MistralErrorKind.Unavailable, $"Mistral could not be reached ({exception.HttpRequestError}). Check the network and 'Mistral:Endpoint'.");
        }
    }

    /// <summary>Only printable ASCII without a space can stand in the header; anything else would split it or be guessed at.</summary>
    private static string Sendable(ApiKey key)
    {
        var value = key.Reveal();
        return value.Length > 0 && value.All(letter => letter is > ' ' and < '\x7f')
            ? value
            : throw new MistralException(MistralErrorKind.Authentication, "The key is empty or holds a space, a line break or a letter outside ASCII. Set it anew.");
    }

    private static async Task<byte[]> ReadErrorAsync(AnswerStream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        try
        {
            await stream.CopyToAsync(body, cancellationToken);
            return body.ToArray();
        }
        catch (MistralException)
        {
            // Too large, too slow or broken off: the status alone tells what happened.
            return [];
        }
    }
}
