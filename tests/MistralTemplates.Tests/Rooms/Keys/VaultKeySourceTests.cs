using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class VaultKeySourceTests
{
    private const string StoreToken = "store-token-1";

    [Fact]
    public async Task Read_SecretIsThere_GivesValueVersionAndAge()
    {
        await using var store = await FakeStore.Start(context => Vault(context, new TestedStore()));
        using var folder = new TemporaryFolder();
        using var source = Source(store, folder);

        var key = await source.ReadAsync(TestContext.Current.CancellationToken);

        Assert.True(key.SameAs(Some.Key(1)));
        Assert.Equal("3", key.Version);
        Assert.Equal(new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero), key.Since);
    }

    [Fact]
    public async Task Load_AnotherToken_IsDenied()
    {
        await using var store = await FakeStore.Start(context => Vault(context, new TestedStore()));
        using var folder = new TemporaryFolder();
        using var source = Source(store, folder, "stale-token");

        Assert.Equal("Vault denied access to the secret.", await SourceExpectations.ProblemOf(source, "stale-token"));
    }

    [Fact]
    public async Task Load_Redirect_IsNotFollowedAndNamed()
    {
        await using var store = await FakeStore.Start(context =>
        {
            (context.Response.StatusCode, context.Response.Headers.Location) = (307, "http://127.0.0.1:9/");
            return Task.CompletedTask;
        });
        using var folder = new TemporaryFolder();
        using var source = Source(store, folder);

        Assert.Equal("Vault redirects, which is never followed.", await SourceExpectations.ProblemOf(source, StoreToken));
    }

    [Fact]
    public async Task Load_TlsFails_SaysThatItIsTheCertificate()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var answering = AnswerWithoutTlsAsync(listener, end.Token);
        using var folder = new TemporaryFolder();
        var options = new VaultKeyOptions { Address = new Uri($"https://{listener.LocalEndpoint}"), Path = "mistral/dev", TokenFile = folder.Write("token", StoreToken) };
        using var source = new VaultKeySource(Options.Create(options));

        Assert.Equal("Vault's certificate is not trusted here, or it speaks no TLS.", await SourceExpectations.ProblemOf(source, StoreToken));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);

        static async Task AnswerWithoutTlsAsync(System.Net.Sockets.TcpListener listener, CancellationToken end)
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(end);
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), end);
            }
        }
    }

    [Fact]
    public async Task Load_NothingListens_SaysThatVaultCannotBeReached()
    {
        var store = await FakeStore.Start(context => Vault(context, new TestedStore()));
        using var folder = new TemporaryFolder();
        using var source = Source(store, folder);
        await store.DisposeAsync();

        Assert.Equal("Vault cannot be reached, or its answer is broken off or too large.", await SourceExpectations.ProblemOf(source, StoreToken));
    }

    [Fact]
    public async Task Load_NoTokenFile_SaysSo()
    {
        await using var store = await FakeStore.Start(context => Vault(context, new TestedStore()));
        using var folder = new TemporaryFolder();
        using var source = Source(store, folder);
        File.Delete(Path.Combine(folder.Path, "token"));

        Assert.Equal("The file with Vault's token cannot be read.", await SourceExpectations.ProblemOf(source, StoreToken));
    }

    [Fact]
    public async Task Read_VaultBehindAPath_IsAskedThere()
    {
        var asked = "";
        await using var store = await FakeStore.Start(context =>
        {
            asked = context.Request.Path;
            return SourceExpectations.Answer(context, 404, "{}");
        });
        using var folder = new TemporaryFolder();
        using var source = new VaultKeySource(Options.Create(new VaultKeyOptions
        {
            Address = new Uri(store.Address, "/proxied/vault/"),
            Path = "mistral",
            TokenFile = folder.Write("token", StoreToken),
        }));

        await Assert.ThrowsAsync<KeySourceException>(() => source.ReadAsync(TestContext.Current.CancellationToken));

        Assert.Equal("/proxied/vault/v1/secret/data/mistral", asked);
    }

    [Theory]
    [InlineData(null, "Run: vault kv patch -mount=secret mistral/dev api_key=- (and paste the new key).")]
    [InlineData("admin/team", "Run: vault kv patch -namespace=admin/team -mount=secret mistral/dev api_key=- (and paste the new key).")]
    public void HowToReplace_NamesThePlaceThatIsRead(string? name, string expected)
    {
        using var source = new VaultKeySource(Options.Create(new VaultKeyOptions { Path = "mistral/dev", Namespace = name }));

        Assert.Equal(expected, source.HowToReplace);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("admin/team/", true)]
    [InlineData("a\nX-Other: b", false)]
    [InlineData("a//b", false)]
    public void Validate_Namespace_IsAPlainPath(string? name, bool isTaken)
    {
        var options = new VaultKeyOptions { Address = new Uri("https://vault.example.org"), Path = "mistral", TokenFile = Path.GetFullPath("token"), Namespace = name };

        Assert.Equal(isTaken, new VaultKeyOptionsValidator().Validate(options).IsValid);
    }

    internal static async Task<TestedStore> StoreAsync(StoreFailure? failure)
    {
        var tested = new TestedStore { Failure = failure };
        var store = await FakeStore.Start(context => Vault(context, tested));
        var folder = new TemporaryFolder();
        return tested.With(Source(store, folder), store, folder);
    }

    private static VaultKeySource Source(FakeStore store, TemporaryFolder folder, string token = StoreToken) => new(Options.Create(new VaultKeyOptions
    {
        Address = store.Address,
        Path = "mistral/production",
        TokenFile = folder.Write("token", token + "\n"),
    }));

    private static Task Vault(HttpContext context, TestedStore tested)
    {
        Assert.Equal("/v1/secret/data/mistral/production", context.Request.Path);
        var metadata = """ "metadata": { "version": 3, "created_time": "2026-05-04T03:02:01Z" } """;
        return tested.Failure switch
        {
            _ when context.Request.Headers["X-Vault-Token"] != StoreToken => SourceExpectations.Answer(context, 403, """{ "errors": [ "permission denied" ] }"""),
            null => SourceExpectations.Answer(context, 200, $$"""{ "data": { "data": { "api_key": "{{tested.Value}}" }, {{metadata}} } }"""),
            StoreFailure.Denied => SourceExpectations.Answer(context, 403, "{}"),
            StoreFailure.Missing => SourceExpectations.Answer(context, 404, "{}"),
            StoreFailure.Throttled => SourceExpectations.Answer(context, 429, "{}"),
            StoreFailure.Broken => SourceExpectations.Answer(context, 500, tested.Value),
            StoreFailure.Hanging => SourceExpectations.Hang(context),
            StoreFailure.Garbage => SourceExpectations.Answer(context, 200, $"<html>{tested.Value}</html>"),
            _ => SourceExpectations.Answer(context, 200, $$"""{ "data": { "data": { "api_key": "" }, {{metadata}} } }"""),
        };
    }
}
