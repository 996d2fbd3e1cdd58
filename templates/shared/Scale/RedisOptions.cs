using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Acme.App.Configuration;

namespace Acme.App.Scale;

/// <summary>Where Redis is, and how long it is waited for. The password is a secret: set <c>Redis__Password</c> in the environment.</summary>
internal sealed class RedisOptions
{
    public const string SectionName = "Redis";

    /// <summary>Host and port. The default is localhost:6379.</summary>
    public string Endpoint { get; set; } = "localhost:6379";

    /// <summary>Whether the connection is encrypted. The default is no, which is taken for loopback only.</summary>
    public bool Tls { get; set; }

    /// <summary>A file with the certificates of those who may have issued Redis' own, where the machine does not trust them. The default is none.</summary>
    public string? IssuerCertificate { get; set; }

    /// <summary>The user of Redis' access lists. The default is none.</summary>
    public string? User { get; set; }

    /// <summary>The password. The default is none.</summary>
    public string? Password { get; set; }

    /// <summary>What the names of all keys begin with, so that programs can share one Redis.</summary>
    public string KeyPrefix { get; set; } = "mistral:";

    /// <summary>How long a connection may take. The default is 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one command may take. The default is 1 second.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Reads one certificate in DER, or any number in PEM.</summary>
    /// <exception cref="CryptographicException">There is none.</exception>
    public static X509Certificate2Collection ReadCertificates(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        if (certificates.Count == 0)
            certificates.Add(X509CertificateLoader.LoadCertificateFromFile(file));
        return certificates;
    }
}

internal sealed class RedisOptionsValidator : OptionsValidator<RedisOptions>
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    public RedisOptionsValidator()
    {
        Rule(nameof(RedisOptions.Endpoint), options => TryParse(options.Endpoint, out _),
            "The endpoint is not a host and a port.", "Set it, for example redis.internal:6380.");
        Rule(nameof(RedisOptions.Tls), options => options.Tls || !TryParse(options.Endpoint, out var address) || address.IsLoopback,
            "The connection to another machine is not encrypted.", "Set Redis:Tls to true.");
        Rule(nameof(RedisOptions.IssuerCertificate), options => options.IssuerCertificate is not { Length: > 0 } file || HasCertificates(file),
            "It is no full path of a file, or no certificate can be read from it.",
            "Mount the issuer's certificate as PEM or DER, and name it by its full path, or remove the setting.");
        Rule(nameof(RedisOptions.KeyPrefix), options => !string.IsNullOrWhiteSpace(options.KeyPrefix),
            "The prefix of the keys is empty.", "Set a short name that no other program uses, for example orders:.");
        Rule(nameof(RedisOptions.ConnectTimeout), options => IsBetween(options.ConnectTimeout, s_shortest, s_longest),
            "The time that a connection may take is not between 50 milliseconds and a minute.", "Set a time span, for example 00:00:05.");
        Rule(nameof(RedisOptions.CommandTimeout), options => IsBetween(options.CommandTimeout, s_shortest, s_longest),
            "The time that a command may take is not between 50 milliseconds and a minute.", "Set a time span, for example 00:00:01.");
    }

    private static bool HasCertificates(string file)
    {
        try
        {
            return Path.IsPathFullyQualified(file) && RedisOptions.ReadCertificates(file).Count > 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }
    }

    private static bool TryParse(string endpoint, out Uri address) =>
        Uri.TryCreate($"redis://{endpoint}", UriKind.Absolute, out address!)
        && address is { Port: > 0, Host.Length: > 0, UserInfo: "" }
        && endpoint.AsSpan().IndexOfAny("/?#") < 0;
}
