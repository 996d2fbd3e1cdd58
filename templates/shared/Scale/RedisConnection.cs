using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Acme.App.Scale;

/// <summary>The one connection to Redis. While Redis is away a command fails at once instead of waiting in line; the connection comes back by itself.</summary>
internal sealed class RedisConnection(IOptions<RedisOptions> options) : IAsyncDisposable
{
    // The purpose id-kp-serverAuth of RFC 5280.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly TimeSpan s_checkLife = TimeSpan.FromMilliseconds(1);
    private readonly Lazy<Task<ConnectionMultiplexer>> _connection = new(() => ConnectionMultiplexer.ConnectAsync(Configuration(options.Value)));

    public string KeyPrefix => options.Value.KeyPrefix;

    public async ValueTask<IDatabase> DatabaseAsync(CancellationToken cancellationToken) =>
        (await _connection.Value.WaitAsync(cancellationToken)).GetDatabase();

    /// <summary>Writes, since a replica and a server without room for more answer all that only read.</summary>
    /// <returns>What is wrong, in a sentence that names no secret; null while Redis takes a write.</returns>
    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var database = await DatabaseAsync(cancellationToken);
            await database.StringSetAsync($"{KeyPrefix}check", RedisValue.EmptyString, s_checkLife).WaitAsync(options.Value.CommandTimeout, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return Describe(exception);
        }
    }

    /// <summary>Redis's own messages may quote what was sent; their first word is the error's code.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        RedisServerException => $"Redis refuses: {exception.Message.Split(' ')[0]}.",
        RedisConnectionException { InnerException: AuthenticationException } => "Redis' certificate, or its TLS, is not one that is trusted here.",
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => "Redis does not take the user or the password.",
        // The last connection's failure says more than that there is none.
        RedisConnectionException { InnerException: RedisConnectionException cause } => Describe(cause),
        RedisConnectionException { FailureType: var failure } => $"Redis does not answer: {failure}.",
        TimeoutException => "Redis does not answer in time.",
        _ => $"Redis cannot be asked: {exception.GetType().Name}.",
    };

    public async ValueTask DisposeAsync()
    {
        if (_connection is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _connection.Value).DisposeAsync();
    }

    private static ConfigurationOptions Configuration(RedisOptions options)
    {
        var configuration = new ConfigurationOptions
        {
            EndPoints = { options.Endpoint },
            Ssl = options.Tls,
            User = options.User,
            Password = options.Password,
            ConnectRetry = 1,
            ConnectTimeout = (int)options.ConnectTimeout.TotalMilliseconds,
            AsyncTimeout = (int)options.CommandTimeout.TotalMilliseconds,
            SyncTimeout = (int)options.CommandTimeout.TotalMilliseconds,
            AbortOnConnectFail = false,
            BacklogPolicy = BacklogPolicy.FailFast,
            IncludeDetailInExceptions = false,
        };
        if (options.IssuerCertificate is { Length: > 0 } file)
        {
            var issuers = RedisOptions.ReadCertificates(file);
            configuration.CertificateValidation += (_, certificate, sent, errors) => errors == SslPolicyErrors.None
                || (errors == SslPolicyErrors.RemoteCertificateChainErrors && IsIssued((X509Certificate2)certificate!, sent!, issuers));
        }

        return configuration;
    }

    /// <summary>Whether a chain that is whole but for its root leads from the certificate, over those that were sent with it, to an issuer.</summary>
    private static bool IsIssued(X509Certificate2 certificate, X509Chain sent, X509Certificate2Collection issuers)
    {
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                RevocationMode = X509RevocationMode.NoCheck,
                VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority,
                ApplicationPolicy = { new Oid(ServerAuthentication) },
            },
        };
        chain.ChainPolicy.ExtraStore.AddRange(issuers);
        foreach (var element in sent.ChainElements)
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        // Certificates count as equal by issuer and number, which anybody can write into one.
        return chain.Build(certificate) && chain.ChainElements.Any(element => issuers.Any(issuer =>
            issuer.RawDataMemory.Span.SequenceEqual(element.Certificate.RawDataMemory.Span)));
    }
}
