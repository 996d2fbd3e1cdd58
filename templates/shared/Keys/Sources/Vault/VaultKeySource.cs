using System.Net;
using System.Text;
using System.Text.Json;
using Acme.App.Configuration;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from HashiCorp Vault's key-value store, version 2, with a token from a file.</summary>
internal sealed class VaultKeySource(IOptions<VaultKeyOptions> options) : KeySource, IDisposable
{
    private const int MaxBytes = 64 * 1024;

    // Bare on purpose: nothing here logs headers.
    private readonly HttpClient _http = new(OutboundHttp.CreateHandler())
    {
        MaxResponseContentBufferSize = MaxBytes,
    };

    public override string Name => $"Vault secret {options.Value.Mount}/{options.Value.Path}";

    public override string Setting => VaultKeyOptions.SectionName;

    public override string? PrivateFile => options.Value.TokenFile;

    public override string HowToReplace =>
        $"Run: vault kv patch {NamespaceOption}-mount={options.Value.Mount} {options.Value.Path} {options.Value.Field}=- (and paste the new key).";

    public override async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        var where = options.Value;
        var vault = where.Address!.GetLeftPart(UriPartial.Path).TrimEnd('/');
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{vault}/v1/{where.Mount}/data/{where.Path}");
        request.Headers.Add("X-Vault-Token", await ReadTokenAsync(where.TokenFile, cancellationToken));
        request.Headers.Add("X-Vault-Request", "true");
        if (!string.IsNullOrEmpty(where.Namespace))
            request.Headers.Add("X-Vault-Namespace", where.Namespace);

        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw Failed("Vault denied access to the secret.",
                    "Give the token's policy the capability read on this path, and see that the token has not expired."),
                HttpStatusCode.NotFound => throw Failed("Vault has no such secret.",
                    "Create it, write a new version or undelete the latest one, or correct the mount and the path."),
                HttpStatusCode.TooManyRequests => throw Failed("Vault is asked too often.", "Wait, or raise Keys:PollInterval."),
                HttpStatusCode.ServiceUnavailable => throw Failed("Vault is sealed or under maintenance.", "Unseal it."),
                >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => throw Failed("Vault redirects, which is never followed.",
                    "Set Keys:Vault:Address to the active node or its load balancer."),
                var status => throw Failed($"Vault answered with status {(int)status}.", "Look into Vault's log."),
            };
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw Failed("Vault's certificate is not trusted here, or it speaks no TLS.",
                "Add its issuer to the certificates that this machine trusts; SSL_CERT_FILE may name a file of them.");
        }
        catch (HttpRequestException)
        {
            throw Failed("Vault cannot be reached, or its answer is broken off or too large.",
                "Correct Keys:Vault:Address, and see whether it can be reached from here.");
        }
    }

    public void Dispose() => _http.Dispose();

    private string NamespaceOption => string.IsNullOrEmpty(options.Value.Namespace) ? "" : $"-namespace={options.Value.Namespace} ";

    private async Task<string> ReadTokenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            if (BoundedFile.HasNoLength(path))
                throw Failed("The file with Vault's token is empty, or no regular file.", "See whether Vault's agent runs and writes to this file.");
            using var file = File.OpenHandle(path, options: FileOptions.Asynchronous);
            var bytes = new byte[MaxBytes];
            var token = Encoding.UTF8.GetString(bytes, 0, await RandomAccess.ReadAsync(file, bytes, 0, cancellationToken)).Trim();
            if (token.Length > 0 && token.All(letter => letter is > ' ' and <= '~'))
                return token;
            throw Failed("The file with Vault's token holds no token.", "See whether Vault's agent runs and writes to this file.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed("The file with Vault's token cannot be read.",
                "See whether Vault's agent writes to Keys:Vault:TokenFile, and let the program's user read it.");
        }
    }

    // The shape is that of "Read secret version" in Vault's KV v2 API: data.data holds the fields, data.metadata the version.
    private ApiKey Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var data = document.RootElement.GetProperty("data");
            var metadata = data.GetProperty("metadata");
            if (data.GetProperty("data").TryGetProperty(options.Value.Field, out var field) && field.GetString() is { Length: > 0 } value)
                return new ApiKey(value, $"{metadata.GetProperty("version").GetInt64()}", metadata.GetProperty("created_time").GetDateTimeOffset());
            throw Failed("The secret has no such field, or the field is empty.", "Correct Keys:Vault:Field, or write the key into this field.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Failed("Vault's answer is not that of a key-value store, version 2.",
                "Correct the address and the mount, and see that the store is of version 2.");
        }
    }
}
