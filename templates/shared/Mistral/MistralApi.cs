using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Acme.App.Keys;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;

namespace Acme.App.Mistral;

/// <summary>Sends requests to Mistral with the current key; every failure of Mistral's leaves it as a <see cref="MistralException"/>.</summary>
internal sealed class MistralApi(IHttpMessageHandlerFactory handlers, IApiKeys keys, IOptions<MistralOptions> options, TimeProvider time) : IDisposable
{
    public const string ClientName = "Mistral";
    private const int LongestErrorBody = 64 * 1024;

    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    private readonly MistralOptions _options = options.Value;
    private readonly TimeProvider _time = time;

    // One handler for good: it renews its connections by itself. All that HttpClient would add is here already.
    private readonly HttpMessageInvoker _http = new(handlers.CreateHandler(ClientName), disposeHandler: false);

    // One for each resource: a moderation that fails must not keep the chat from being asked.
    private readonly ConcurrentDictionary<Uri, ResiliencePipeline<HttpResponseMessage>> _resilience = new();

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
        var clock = new CallClock(_time, _options.Resilience.TotalTimeout, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            var key = given ?? keys.Current;
            response = await SendAsync(address, body, key, clock);
            if (response.StatusCode == HttpStatusCode.Unauthorized && given is null
                && await keys.RefreshAsync(key, clock.Token) is var next && !next.SameAs(key))
            {
                response.Dispose();
                key = next;
                response = await SendAsync(address, body, key, clock);
            }

            var stream = await response.Content.ReadAsStreamAsync(clock.Token);
            var limit = response.IsSuccessStatusCode ? _options.MaxResponseBytes : LongestErrorBody;
            var answer = new MistralAnswer(response, stream, clock, _options.Resilience.IdleTimeout, limit, key.Fingerprint);
            if (!response.IsSuccessStatusCode)
                throw await MistralErrors.FromAsync(response, answer, _time, cancellationToken);
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

    public void Dispose() => _http.Dispose();

    private async ValueTask<HttpResponseMessage> SendAsync(Uri address, byte[]? body, ApiKey key, CallClock clock)
    {
        try
        {
            var resilience = _resilience.GetOrAdd(address, static (_, api) => MistralResilience.Create(api._options.Resilience, api._time), this);
            return await resilience.ExecuteAsync(_ => AttemptAsync(address, body, key, clock), clock.Token);
        }
        catch (BrokenCircuitException)
        {
            throw new MistralException(MistralErrorKind.Unavailable, "Mistral failed too often just now and is left alone for a moment.");
        }
    }

    private async ValueTask<HttpResponseMessage> AttemptAsync(Uri address, byte[]? body, ApiKey key, CallClock clock)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Sendable(key));
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = s_json } };
        clock.Start(_options.Resilience.AttemptTimeout);
        try
        {
            return await _http.SendAsync(request, clock.Token);
        }
        catch (OperationCanceledException)
        {
            throw clock.Explain();
        }
        catch (HttpRequestException exception)
        {
            throw new MistralException(
                MistralErrorKind.Unavailable, $"Mistral gave no answer ({exception.HttpRequestError}). Check the network and 'Mistral:Endpoint'.")
            {
                NotReached = exception.HttpRequestError,
            };
        }
        finally
        {
            clock.Start(_options.Resilience.TotalTimeout);
        }
    }

    /// <summary>Only printable ASCII without a space can stand in the header; anything else would split it or be guessed at.</summary>
    private static string Sendable(ApiKey key) => key.Reveal() is { Length: > 0 } value && !value.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? value
        : throw new MistralException(
            MistralErrorKind.Authentication, "The key is empty or holds a space, a line break or a letter outside ASCII. Set it anew.");
}
