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
    [InlineData("an issuer that nobody trusts", "Redis' certificate, or its TLS, is not one that is trusted here.")]
    [InlineData("another issuer", "Redis' certificate, or its TLS, is not one that is trusted here.")]
    [InlineData("a certificate of another name", "Redis' certificate, or its TLS, is not one that is trusted here.")]
    [InlineData("a certificate with its issuer's name and number", "Redis' certificate, or its TLS, is not one that is trusted here.")]
    [InlineData("an expired certificate", "Redis' certificate, or its TLS, is not one that is trusted here.")]
    [InlineData("a certificate for another purpose", "Redis' certificate, or its TLS, is not one that is trusted here.")]
    [InlineData("a wrong password", "Redis does not take the user or the password.")]
    [InlineData("no TLS", "Redis does not answer")]
    public async Task Connection_ThatIsNotWhatItShouldBe_IsRefused(string fault, string expected)
    {
        var (server, options) = await StartAsync(fault == "a certificate of another name" ? "10.0.0.7" : "127.0.0.1", fault);
        await using var started = server;
        if (fault == "an issuer that nobody trusts")
            options.IssuerCertificate = null;
        else if (fault == "another issuer")
            _folder.Write("issuer.pem", IssuerOf("CN=issuer").ExportCertificatePem());
        options.Password = fault == "a wrong password" ? "another" : options.Password;
        options.Tls = fault != "no TLS";
        await using var connection = new RedisConnection(Options.Create(options));

        // A command that comes between two tries to connect is only told that there is no connection.
        string? problem = null;
        for (var tries = 0; tries < 100 && problem?.StartsWith(expected, StringComparison.Ordinal) is not true; tries++)
        {
            problem = await connection.CheckAsync(CancellationToken);
            Assert.NotNull(problem);
            await Task.Delay(50, CancellationToken);
        }

        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
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

    /// <summary>Redis sends an issuer between; the file names the root, the issuer between or the certificate itself, among others.</summary>
    [Theory]
    [InlineData("root")]
    [InlineData("between")]
    [InlineData("own")]
    public async Task Connection_WithAnIssuerBetween_IsTrustedByAnyOfItsChain(string trusted)
    {
        var (server, options) = await StartAsync("127.0.0.1", "an issuer between");
        await using var started = server;
        var named = await File.ReadAllTextAsync(Path.Combine(_folder.Path, trusted + ".pem"), CancellationToken);
        options.IssuerCertificate = _folder.Write("bundle.pem", IssuerOf("CN=a former issuer").ExportCertificatePem() + "\n" + named);
        await using var connection = new RedisConnection(Options.Create(options));

        Assert.Null(await connection.CheckAsync(CancellationToken));
    }

    [Fact]
    public async Task Connection_WithTheIssuerInDer_IsTrusted()
    {
        var (server, options) = await StartAsync("127.0.0.1");
        await using var started = server;
        using var issuer = X509CertificateLoader.LoadCertificateFromFile(options.IssuerCertificate!);
        options.IssuerCertificate = Path.Combine(_folder.Path, "issuer.der");
        await File.WriteAllBytesAsync(options.IssuerCertificate, issuer.RawData, CancellationToken);
        await using var connection = new RedisConnection(Options.Create(options));

        Assert.Null(await connection.CheckAsync(CancellationToken));
    }

    [Theory]
    [InlineData("127.0.0.1:6390/")]
    [InlineData("127.0.0.1:6390#x")]
    [InlineData("127.0.0.1:6390?x")]
    [InlineData("127.0.0.1")]
    public void Rejects_AnEndpointThatIsMoreOrLessThanHostAndPort(string endpoint) =>
        Assert.Equal(["Endpoint"], new RedisOptionsValidator().Validate(new RedisOptions { Endpoint = endpoint }).Errors.Select(failure => failure.PropertyName));

    private async Task<(RedisServer Server, RedisOptions Options)> StartAsync(string address, string fault = "")
    {
        var (issuer, certificate, key) = WriteCertificates(address, fault);
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

    private static X509Certificate2 IssuerOf(string name, X509Certificate2? above = null)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-2), DateTimeOffset.UtcNow.AddHours(2));
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return above is null ? request.CreateSelfSigned(from, to) : request.Create(above, from.AddHours(1), to.AddHours(-1), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }

    private (string Issuer, string Certificate, string Key) WriteCertificates(string address, string fault)
    {
        var from = DateTimeOffset.UtcNow.AddMinutes(-30);
        using var root = IssuerOf("CN=issuer");
        using var between = IssuerOf("CN=between", root);
        var issuer = fault == "an issuer between" ? between : root;

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        var request = new CertificateRequest("CN=redis", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        if (fault == "a certificate for another purpose")
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        var end = from.AddMinutes(fault == "an expired certificate" ? 10 : 60);
        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = fault == "a certificate with its issuer's name and number"
            ? request.Create(issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(foreign), from, end, issuer.SerialNumberBytes.Span)
            : request.Create(issuer, from, end, RandomNumberGenerator.GetBytes(8));
        _folder.Write("root.pem", root.ExportCertificatePem());
        _folder.Write("between.pem", between.ExportCertificatePem());
        _folder.Write("own.pem", certificate.ExportCertificatePem());
        return (
            _folder.Write("issuer.pem", root.ExportCertificatePem()),
            _folder.Write("redis.pem", certificate.ExportCertificatePem() + (issuer == between ? "\n" + between.ExportCertificatePem() : "")),
            _folder.Write("redis.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
