using System.Net;
using System.Security.Cryptography;
using Acme.App.Tests.StandIn;
using static Acme.App.Tests.Chat.AccessCalls;

namespace Acme.App.Tests.Chat;

/// <summary>Who is let in.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Expired = nameof(Expired);
    private const string ForAnother = nameof(ForAnother);
    private const string Forged = nameof(Forged);
    private const string Missing = nameof(Missing);
    private MistralStandIn _mistral = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _mistral = await MistralStandIn.StartAsync(CancellationToken);

    public ValueTask DisposeAsync() => _mistral.DisposeAsync();

    [Theory]
    [InlineData(Missing, "token.missing")]
    [InlineData(Forged, "token.invalid")]
    [InlineData(Expired, "token.invalid")]
    [InlineData(ForAnother, "token.invalid")]
    public async Task Chat_WithoutAGoodToken_IsA401ThatIsAuditedAndAsksNobody(string what, string code)
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, what switch
        {
            Forged => TestTokens.Create(key: RandomNumberGenerator.GetBytes(32)),
            Expired => TestTokens.Create(expires: DateTime.UtcNow.AddMinutes(-30)),
            ForAnother => TestTokens.Create(audience: "another-program"),
            _ => null,
        });

        using var response = await AskAsync(client);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(_mistral.Requests);
        var denied = Assert.Single(await RecordsAsync(api, "access.denied"));
        Assert.Equal(code, denied.GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Chat_WithATokenForAnotherScope_IsA403()
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, TestTokens.Create(scope: "operate"));

        using var response = await AskAsync(client);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("scope.missing", Assert.Single(await RecordsAsync(api, "access.denied")).GetProperty("errorCode").GetString());
    }

    [Fact]
    public async Task Chat_Answered_IsAuditedWithTheTokensSubject()
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, TestTokens.Create("grace", "profile chat"));

        using var response = await AskAsync(client);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("grace", Assert.Single(await RecordsAsync(api, "chat.complete")).GetProperty("userId").GetString());
    }

    [Fact]
    public async Task Answers_CarryTheSecurityHeadersAndNoServer()
    {
        await using var api = new ApiUnderTest(_mistral);
        using var client = Client(api, TestTokens.Create());

        using var response = await AskAsync(client);

        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.False(response.Headers.Contains("Server"));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }
}
