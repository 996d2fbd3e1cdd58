using Azure;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Options;

namespace Acme.App.Keys.Sources;

/// <summary>The key from Azure Key Vault, read as the machine's managed identity.</summary>
internal sealed class AzureKeySource(IOptions<AzureKeyOptions> options, Func<SecretClient>? client = null) : KeySource
{
    private readonly Lazy<SecretClient> _client = new(client ?? (() => new SecretClient(options.Value.Vault, Identity(options.Value.ClientId), Client())));

    public override string Name => $"Azure secret {options.Value.Secret}";

    public override string Setting => AzureKeyOptions.SectionName;

    public override string HowToReplace =>
        $"Run: az keyvault secret set --vault-name {options.Value.Vault?.Host.Split('.')[0]} --name {options.Value.Secret} "
            + "--file /dev/stdin (and paste the new key).";

    public override async Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var secret = (await _client.Value.GetSecretAsync(options.Value.Secret, version: null, outContentType: null, cancellationToken)).Value;
            return string.IsNullOrEmpty(secret.Value)
                ? throw Failed("The secret is empty.", "Add a version that holds the key.")
                : new ApiKey(secret.Value, secret.Properties.Version ?? "unknown", secret.Properties.CreatedOn);
        }
        catch (RequestFailedException exception)
        {
            throw exception.Status switch
            {
                401 or 403 => Failed("Azure denied access to the secret.",
                    "Give the managed identity the role Key Vault Secrets User on it, and see that the secret is enabled and not expired."),
                404 => Failed("The vault has no such secret.", "Create it, or correct Keys:Azure:Vault and Keys:Azure:Secret."),
                429 => Failed("The vault is asked too often.", "Raise Keys:PollInterval."),
                _ => Failed("The vault gave no answer that can be used.", "See whether the vault can be reached from here, and Azure's status page."),
            };
        }
        catch (AuthenticationFailedException)
        {
            throw Failed("Azure gave this machine's managed identity no token.",
                "Switch the managed identity on, and set Keys:Azure:ClientId where it is a user-assigned one.");
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException or AggregateException
            or NullReferenceException)
        {
            throw Failed("The vault gave no answer that can be used.", "Correct Keys:Azure:Vault, or look for a proxy that changes answers.");
        }
    }

    /// <summary>
    /// The client's options: few tries, so that a vault that is down is noticed within the time limit; and no events or traces of
    /// its own, since they repeat the body of an answer that failed.
    /// </summary>
    internal static SecretClientOptions Client() => new()
    {
        Retry = { MaxRetries = 1, NetworkTimeout = TimeSpan.FromSeconds(4) },
        Diagnostics = { IsLoggingEnabled = false, IsDistributedTracingEnabled = false },
    };

    private static ManagedIdentityCredential Identity(string? clientId) =>
        new(string.IsNullOrEmpty(clientId) ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId));
}
