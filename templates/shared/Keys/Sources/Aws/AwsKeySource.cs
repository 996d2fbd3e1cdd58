using System.Text.Json;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from AWS Secrets Manager, read through Parameter Store's reference to it.</summary>
internal sealed class AwsKeySource : IKeySource, IDisposable
{
    // Parameter Store answers a name under this path with the secret of Secrets Manager.
    private const string Reference = "/aws/reference/secretsmanager/";

    private readonly IOptions<AwsKeyOptions> _options;
    private readonly Lazy<IAmazonSimpleSystemsManagement> _client;

    public AwsKeySource(IOptions<AwsKeyOptions> options)
        : this(options, () => new AmazonSimpleSystemsManagementClient(new AmazonSimpleSystemsManagementConfig { MaxErrorRetry = 1, Timeout = TimeSpan.FromSeconds(4) }))
    {
    }

    internal AwsKeySource(IOptions<AwsKeyOptions> options, Func<IAmazonSimpleSystemsManagement> client)
    {
        _options = options;
        _client = new(client);
    }

    public string Name => $"AWS secret {_options.Value.Secret}";

    public string Setting => AwsKeyOptions.SectionName;

    public bool CanChange => true;

    public string HowToReplace => $"Run: aws secretsmanager put-secret-value --secret-id {_options.Value.Secret} --secret-string file:///dev/stdin (and paste the new key).";

    public async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var request = new GetParameterRequest { Name = Reference + _options.Value.Secret, WithDecryption = true };
            var parameter = (await _client.Value.GetParameterAsync(request, cancellationToken)).Parameter;
            return parameter?.Value is { Length: > 0 } value
                ? new ApiKey(Field(value), VersionOf(parameter), parameter.LastModifiedDate)
                : throw new KeySourceException(this, "The secret is empty.", "Write the key into it.");
        }
        catch (ParameterNotFoundException)
        {
            throw new KeySourceException(this, "AWS has no such secret in this region.", "Create it, or correct Keys:Aws:Secret and AWS_REGION.");
        }
        catch (AmazonServiceException exception) when (exception.ErrorCode is "ThrottlingException" or "TooManyUpdates")
        {
            throw new KeySourceException(this, "Parameter Store is asked too often.", "Raise Keys:PollInterval.");
        }
        catch (AmazonServiceException exception) when (exception.ErrorCode is "AccessDeniedException" or "UnrecognizedClientException" or "ExpiredTokenException" or "InvalidSignatureException")
        {
            throw new KeySourceException(this, "AWS denied access to the secret.", "Allow ssm:GetParameter and secretsmanager:GetSecretValue on it, and kms:Decrypt where it has a key of its own.");
        }
        catch (Exception exception) when (exception is AmazonServiceException or AmazonClientException or JsonException)
        {
            throw new KeySourceException(this, "AWS gave no answer that can be used.", "See whether AWS can be reached from here, and whether AWS_REGION and the credentials are set.");
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }

    private string Field(string value)
    {
        if (string.IsNullOrEmpty(_options.Value.Field))
            return value;

        try
        {
            using var document = JsonDocument.Parse(value);
            if (document.RootElement.GetProperty(_options.Value.Field).GetString() is { Length: > 0 } field)
                return field;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Reported below: neither the secret nor the parser's message, which quotes from it, may go further.
        }

        throw new KeySourceException(this, "The secret is no JSON object with the field that holds the key.", "Correct Keys:Aws:Field, or remove it where the secret is the key alone.");
    }

    // SourceResult is GetSecretValue's answer as JSON. It repeats the secret, so only the version is taken from it.
    private static string VersionOf(Parameter parameter)
    {
        try
        {
            using var document = JsonDocument.Parse(parameter.SourceResult ?? "{}");
            return document.RootElement.TryGetProperty("versionId", out var version) && version.GetString() is { Length: > 0 } id ? id : "unknown";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "unknown";
        }
    }
}
