using System.Net;
using System.Net.Http.Headers;
using Acme.App.Keys;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Acme.App.Mistral;

/// <summary>Sends requests to Mistral with the current key; every failure of Mistral's leaves it as a <see cref="MistralException"/>.</summary>
/// <param name="keys">Lazy, since the keys' room may itself ask this one to check a key.</param>
internal sealed class MistralApi(IHttpClientFactory clients, Lazy<IApiKeys> keys, IOptions<MistralOptions> options, TimeProvider time)
{
    public const string ClientName = "Mistral";
    private const int LongestErrorBody = 64 * 1024;

    private readonly MistralOptions _options = options.Value;

    /// <summary>The address of one of the API's resources, whether or not the endpoint ends with the version.</summary>
    public Uri Address(string path)
    {
        var address = _options.Endpoint.AbsoluteUri.TrimEnd('/');
        return new Uri($"{address}{(address.EndsWith("/v1", StringComparison.Ordinal) ? "" : "/v1")}/{path}");
    }

    /// <summary>Posts the body, or gets the address where there is none.</summary>
    /// <param name="given">The key to use instead of the current one.</param>
    public async Task<MistralAnswer> SendAsync(Uri address, byte[]? body, ApiKey? given, CancellationToken cancellationToken)
    {
        if (_options.Offline)
            throw new MistralException(MistralErrorKind.Unavailable, "Mistral is not asked while 'Mistral:Offline' is on.");
        var clock = new CallClock(time, _options.Resilience.TotalTimeout, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            var key = given ?? keys.Value.Current;
            response = await AttemptAsync(address, body, key, clock);
            if (response.StatusCode == HttpStatusCode.Unauthorized && given is null
                && await keys.Value.RefreshAsync(key, clock.Token) is var next && next.Fingerprint != key.Fingerprint)
            {
                response.Dispose();
                response = await AttemptAsync(address, body, next, clock);
            }

            var stream = await response.Content.ReadAsStreamAsync(clock.Token);
            var answer = new MistralAnswer(
                response, stream, clock, _options.Resilience.IdleTimeout, response.IsSuccessStatusCode ? _options.MaxResponseBytes : LongestErrorBody);
            if (!response.IsSuccessStatusCode)
                throw await MistralErrors.FromAsync(response, answer, time, cancellationToken);
            clock.Stop();
            return answer;
        }
        catch (Exception exception)
        {
            response?.Dispose();
            clock.Dispose();
            if (exception is OperationCanceledException)
                throw clock.Explain();
            throw;
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(Uri address, byte[]? body, ApiKey key, CallClock clock)
    {
        using var client = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Sendable(key));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token);
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
    private static string Sendable(ApiKey key) => key.Reveal() is { Length: > 0 } value && value.All(letter => letter is > ' ' and < '\x7f')
        ? value
        : throw new MistralException(MistralErrorKind.Authentication, "The key is empty or holds a space, a line break or a letter outside ASCII. Set it anew.");
}
