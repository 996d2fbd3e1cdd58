using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Acme.App.Configuration;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from Google Cloud Secret Manager, read by REST with the application's default credential.</summary>
internal sealed class GcpKeySource(IOptions<GcpKeyOptions> options, Func<CancellationToken, Task<GoogleCredential>>? findCredential = null)
    : KeySource, IDisposable
{
    private const int MaxBytes = 128 * 1024;
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    private readonly HttpClient _http = new(OutboundHttp.CreateHandler())
    {
        MaxResponseContentBufferSize = MaxBytes,
    };

    private readonly Func<CancellationToken, Task<GoogleCredential>> _findCredential = findCredential ?? GoogleCredential.GetApplicationDefaultAsync;
    private GoogleCredential? _credential;

    public override string Name => $"Google secret projects/{options.Value.Project}/secrets/{options.Value.Secret}";

    public override string Setting => GcpKeyOptions.SectionName;

    public override string HowToReplace =>
        $"Run: gcloud secrets versions add {options.Value.Secret} --project={options.Value.Project} --data-file=- (and paste the new key).";

    public override async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var request = await RequestAsync(cancellationToken);
            using var response = await _http.SendAsync(request, cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw Failed("Google denied access to the secret.",
                    "Give the service account the role roles/secretmanager.secretAccessor on this secret."),
                HttpStatusCode.NotFound => throw Failed("Google has no such secret or version.",
                    "Create it, or correct the project, the secret and the version."),
                HttpStatusCode.TooManyRequests => throw Failed("Secret Manager is asked too often.", "Raise Keys:PollInterval, or the project's quota."),
                >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => throw Failed("Secret Manager redirects, which is never followed.",
                    "Correct Keys:Gcp:Endpoint."),
                var status => throw Failed($"Secret Manager answered with status {(int)status}.",
                    "See whether the secret's version is enabled, and Google's status page."),
            };
        }
        catch (HttpRequestException)
        {
            throw Failed("Secret Manager cannot be reached, or its answer is broken off or too large.", "See whether it can be reached from here.");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpRequestMessage> RequestAsync(CancellationToken cancellationToken)
    {
        var where = options.Value;
        try
        {
            // Kept, because it keeps its access token until that expires.
            _credential ??= (await _findCredential(cancellationToken)).CreateScoped(Scope);
            var endpoint = where.Endpoint ?? new Uri($"https://secretmanager.{await _credential.GetUniverseDomainAsync(cancellationToken)}");
            var token = await ((ITokenAccess)_credential).GetAccessTokenForRequestAsync(authUri: null, cancellationToken);
            var path = $"/v1/projects/{where.Project}/secrets/{where.Secret}/versions/{where.Version}:access";
            return new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, path))
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            };
        }
        catch (Exception exception) when (exception is TokenResponseException or InvalidOperationException or IOException)
        {
            throw Failed("Google gave no access token for the application's default credential.",
                "Run under a service account, or set GOOGLE_APPLICATION_CREDENTIALS.");
        }
    }

    // AccessSecretVersionResponse: the value is base64 in payload.data, its CRC-32C a decimal string in payload.dataCrc32c.
    private ApiKey Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var payload = document.RootElement.GetProperty("payload");
            var value = payload.GetProperty("data").GetBytesFromBase64();
            var sum = long.Parse(payload.GetProperty("dataCrc32c").GetString() ?? "", CultureInfo.InvariantCulture);
            if (sum != Crc32C(value))
                throw Failed("The secret was damaged on its way: its check sum is wrong.",
                    "It is read again; if this stays, look for a proxy that changes answers.");

            var text = Encoding.UTF8.GetString(value).TrimEnd('\r', '\n');
            return text.Length > 0
                ? new ApiKey(text, document.RootElement.GetProperty("name").GetString()?.Split('/')[^1] ?? "")
                : throw Failed("The secret is empty.", "Add a version that holds the key.");
        }
        catch (Exception exception)
            when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw Failed("The answer is not that of Secret Manager.", "Correct Keys:Gcp:Endpoint, or look for a proxy that changes answers.");
        }
    }

    private static uint Crc32C(byte[] bytes)
    {
        var sum = uint.MaxValue;
        foreach (var one in bytes)
            sum = BitOperations.Crc32C(sum, one);
        return ~sum;
    }
}
