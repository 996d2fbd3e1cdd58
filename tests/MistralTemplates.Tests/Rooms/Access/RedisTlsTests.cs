using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Acme.App.Access;
using Acme.App.Scale;
using Microsoft.Extensions.Options;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>A real redis-server behind TLS and a password, with a certificate that only its own issuer vouches for.</summary>
public sealed class RedisTlsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Limits_OverTlsWithAPassword_AreCounted()
    {
        var (server, options) = await StartAsync("127.0.0.1");
        await using var started = server;
        await using var connection = new RedisConnection(Options.Create(options));
        var store = new RedisLimitStore(connection, Options.Create(new AccessOptions()), TimeProvider.System);
        LimitClaim[] claims = [new("requests", 1, 1, DateTimeOffset.UtcNow.AddMinutes(1))];

        Assert.Null(await connection.CheckAsync(CancellationToken));
        Assert.Equal(new LimitDecision(-1, 0), await store.TakeAsync("ada", claims, CancellationToken));
        Assert.Equal(new LimitDecision(0, 0), await store.TakeAsync("ada", claims, CancellationToken));
    }

    [Theory]
    [InlineData("an issuer that nobody trusts")]
    [InlineData("a certificate of another name")]
    [InlineData("a wrong password")]
    [InlineData("no TLS")]
    public async Task Connection_ThatIsNotWhatItShouldBe_IsRefused(string fault)
    {
        var (server, options) = await StartAsync(fault == "a certificate of another name" ? "10.0.0.7" : "127.0.0.1");
        await using var started = server;
        options.IssuerCertificate = fault == "an issuer that nobody trusts" ? null : options.IssuerCertificate;
        options.Password = fault == "a wrong password" ? "another" : options.Password;
        options.Tls = fault != "no TLS";
        await using var connection = new RedisConnection(Options.Create(options));

        var problem = await connection.CheckAsync(CancellationToken);

        Assert.StartsWith("Redis does not answer", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----")]
    public void Rejects_AnIssuersCertificateThatIsNotThereOrIsNone(string? content)
    {
        var file = Path.Combine(_folder.Path, "issuer.pem");
        if (content is not null)
            File.WriteAllText(file, content);

        var result = new RedisOptionsValidator().Validate(new RedisOptions { IssuerCertificate = file });

        Assert.Equal(["IssuerCertificate"], result.Errors.Select(failure => failure.PropertyName));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(RedisServer Server, RedisOptions Options)> StartAsync(string address)
    {
        var (issuer, certificate, key) = WriteCertificates(address);
        var port = RedisServer.FreePort();
        var server = await RedisServer.StartAsync(
            CancellationToken, "--tls-port", $"{port}", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", issuer, "--tls-auth-clients", "no");
        return (server, new RedisOptions
        {
            Endpoint = $"127.0.0.1:{port}",
            Tls = true,
            IssuerCertificate = issuer,
            Password = server.Password,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            CommandTimeout = TimeSpan.FromSeconds(5),
        });
    }

    private (string Issuer, string Certificate, string Key) WriteCertificates(string address)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=issuer", issuerKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var issuer = request.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request = new CertificateRequest("CN=redis", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(issuer, from, to, RandomNumberGenerator.GetBytes(8));
        return (
            _folder.Write("issuer.pem", issuer.ExportCertificatePem()),
            _folder.Write("redis.pem", certificate.ExportCertificatePem()),
            _folder.Write("redis.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
