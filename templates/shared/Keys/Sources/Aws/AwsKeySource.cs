using System.Text.Json;
using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from AWS Secrets Manager, read through Parameter Store's reference to it.</summary>
internal sealed class AwsKeySource(IOptions<AwsKeyOptions> options, Func<IAmazonSimpleSystemsManagement>? client = null) : KeySource, IDisposable
{
    // Parameter Store answers a name under this path with the secret of Secrets Manager.
    private const string Reference = "/aws/reference/secretsmanager/";

    private readonly Lazy<IAmazonSimpleSystemsManagement> _client = new(client ?? (() => new AmazonSimpleSystemsManagementClient(Settings())));

    public override string Name => $"AWS secret {options.Value.Secret}";

    public override string Setting => AwsKeyOptions.SectionName;

    public override string HowToReplace =>
        $"Run: aws secretsmanager put-secret-value --secret-id {options.Value.Secret} --secret-string file:///dev/stdin (and paste the new key).";

    public override async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var request = new GetParameterRequest { Name = Reference + options.Value.Secret, WithDecryption = true };
            var parameter = (await _client.Value.GetParameterAsync(request, cancellationToken)).Parameter
                ?? throw new InvalidOperationException("The answer has no parameter.");
            return parameter.Value is { Length: > 0 } value
                ? new ApiKey(Field(value), VersionOf(parameter), parameter.LastModifiedDate)
                : throw Failed("The secret is empty.", "Write the key into it.");
        }
        catch (Exception exception) when (exception is AmazonServiceException or AmazonClientException or TimeoutException or InvalidOperationException)
        {
            throw (exception as AmazonServiceException)?.ErrorCode switch
            {
                _ when exception is ParameterNotFoundException =>
                    Failed("AWS has no such secret in this region.", "Create it, or correct Keys:Aws:Secret and AWS_REGION."),
                "ThrottlingException" or "TooManyUpdates" =>
                    Failed("Parameter Store is asked too often.", "Raise Keys:PollInterval."),
                "ExpiredTokenException" or "UnrecognizedClientException" or "InvalidSignatureException" => Failed(
                    "AWS does not take the credentials, or does not any more.", "Renew them where the program has them from."),
                "AccessDeniedException" => Failed(
                    "AWS denied access to the secret.",
                    "Allow ssm:GetParameter and secretsmanager:GetSecretValue on it, and kms:Decrypt where it has a key of its own."),
                _ => Failed(
                    "AWS gave no answer that can be used.",
                    "See whether AWS can be reached from here, and whether AWS_REGION and the credentials are set."),
            };
        }
    }

    internal static AmazonSimpleSystemsManagementConfig Settings() => new()
    {
        MaxErrorRetry = 1,
        Timeout = TimeSpan.FromSeconds(4),
        // Who a redirect leads to would be given the session's token, and could answer with a key of its own.
        AllowAutoRedirect = false,
    };

    public void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }

    private string Field(string value)
    {
        if (string.IsNullOrEmpty(options.Value.Field))
            return value.TrimStart() is not ['{', ..] ? value
                : throw Failed("The secret is a JSON object, as AWS' console makes them.", "Set Keys:Aws:Field to the field that holds the key.");
        return TextIn(value, options.Value.Field) ?? throw Failed("The secret is no JSON object with the field that holds the key.",
            "Correct Keys:Aws:Field, or remove it where the secret is the key alone.");
    }

    // SourceResult is GetSecretValue's answer as JSON. It repeats the secret, so only the version is taken from it.
    private static string VersionOf(Parameter parameter) => TextIn(parameter.SourceResult, "versionId") ?? "unknown";

    // Neither the secret nor the parser's message, which quotes from it, may go further.
    private static string? TextIn(string? json, string field)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "");
            return document.RootElement.TryGetProperty(field, out var value) && value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
