using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Acme.App.Scale;

/// <summary>The one connection to Redis. While Redis is away a command fails at once instead of waiting in line; the connection comes back by itself.</summary>
internal sealed class RedisConnection(IOptions<RedisOptions> options) : IAsyncDisposable
{
    private readonly Lazy<Task<ConnectionMultiplexer>> _connection = new(() => ConnectionMultiplexer.ConnectAsync(Configuration(options.Value)));

    public string KeyPrefix => options.Value.KeyPrefix;

    public async ValueTask<IDatabase> DatabaseAsync(CancellationToken cancellationToken) =>
        (await _connection.Value.WaitAsync(cancellationToken)).GetDatabase();

    /// <returns>What is wrong, in a sentence that names no secret; null while Redis answers.</returns>
    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (await DatabaseAsync(cancellationToken)).PingAsync().WaitAsync(options.Value.CommandTimeout, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return "Redis does not answer.";
        }
    }

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
            ConnectTimeout = (int)options.ConnectTimeout.TotalMilliseconds,
            AsyncTimeout = (int)options.CommandTimeout.TotalMilliseconds,
            SyncTimeout = (int)options.CommandTimeout.TotalMilliseconds,
            AbortOnConnectFail = false,
            BacklogPolicy = BacklogPolicy.FailFast,
            IncludeDetailInExceptions = false,
        };
        if (options.IssuerCertificate is { Length: > 0 } issuer)
            configuration.TrustIssuer(issuer);
        return configuration;
    }
}
