using System.Globalization;
using System.Net;
using Acme.App.Access;
using Acme.App.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Access;

public sealed class AccessTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat_WithoutAToken_IsA401ThatAsksForOneAndIsAudited()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        using var response = await room.ChatAsync(token: null, CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer scope=\"chat\"", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("token.missing", Assert.Single(room.Audited("access.denied")).GetProperty("errorCode").GetString());
        Assert.Empty(room.Audited("chat.complete"));
    }

    [Fact]
    public async Task Chat_WithAnExpiredToken_IsA401ThatAsksForAnother()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        using var response = await room.ChatAsync(AccessRoom.Token(secondsToLive: -3600), CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer error=\"invalid_token\"", response.Headers.WwwAuthenticate.ToString());
    }

    /// <summary>The caller is told nothing of it, and whoever develops would guess.</summary>
    [Theory]
    [InlineData("Bearer", -3600, "A token was refused: SecurityTokenExpiredException.")]
    [InlineData("Basic", 600, "A token was refused: the Authorization header is no 'Bearer' and a token.")]
    public async Task Chat_WithATokenThatIsRefused_IsExplainedInDevelopmentsLog(string scheme, int secondsToLive, string message)
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        using var log = new FakeLoggerProvider();
        room.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        var token = AccessRoom.Token(secondsToLive: secondsToLive);
        room.Client.DefaultRequestHeaders.Authorization = new(scheme, token);

        using var response = await room.ChatAsync(token: null, CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains(message, log.Collector.GetSnapshot().Select(record => record.Message));
        Assert.DoesNotContain(log.Collector.GetSnapshot(), record => record.Message.Contains(token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("operate")]
    [InlineData("chats chat2")]
    public async Task Chat_WithATokenWithoutTheScope_IsA403ThatNamesIt(string? scope)
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        using var response = await room.ChatAsync(AccessRoom.Token(scope: scope), CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("Bearer error=\"insufficient_scope\", scope=\"chat\"", response.Headers.WwwAuthenticate.ToString());
        var record = Assert.Single(room.Audited("access.denied"));
        Assert.Equal("scope.missing", record.GetProperty("errorCode").GetString());
        Assert.Equal("ada", record.GetProperty("userId").GetString());
    }

    /// <summary>A caller that uses up its minute by mistakes must see it coming.</summary>
    [Fact]
    public async Task Chat_ThatIsRefusedForItsForm_TellsWhatIsLeftAsWell()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat") { Content = new StringContent("{}", null, "application/json") };
        request.Headers.Authorization = new("Bearer", AccessRoom.Token());

        using var response = await room.Client.SendAsync(request, CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith("\"requests\";r=59;t=", Assert.Single(response.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WithTheScope_IsAnsweredAndAuditedUnderTheTokensSubject()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        using var response = await room.ChatAsync(AccessRoom.Token(scope: "operate chat"), CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ada", Assert.Single(room.Audited("chat.complete")).GetProperty("userId").GetString());
        Assert.StartsWith("\"requests\";r=59;t=", Assert.Single(response.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
        Assert.Contains("nosniff", response.Headers.GetValues("X-Content-Type-Options"));
    }

    [Fact]
    public async Task Chat_UnderANameThatIsNotAllowed_IsA400WithoutAPage()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, "--AllowedHosts=api.example");

        using var response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(CancellationToken));
    }

    [Fact]
    public async Task Address_FromAForwardedHeader_CountsFromConfiguredProxiesOnly()
    {
        await using var direct = await AccessRoom.StartAsync(CancellationToken);
        await using var behindProxy = await AccessRoom.StartAsync(CancellationToken, "--Access:KnownProxies:0=127.0.0.0/8");
        await using var behindTwo = await AccessRoom.StartAsync(CancellationToken, "--Access:KnownProxies:0=127.0.0.1", "--Access:KnownProxies:1=198.51.100.0/24");

        (await direct.ChatAsync(AccessRoom.Token(), CancellationToken, forwardedFor: "203.0.113.9")).Dispose();
        (await behindProxy.ChatAsync(AccessRoom.Token(), CancellationToken, forwardedFor: "198.51.100.1, 203.0.113.9")).Dispose();
        (await behindTwo.ChatAsync(AccessRoom.Token(), CancellationToken, forwardedFor: "192.0.2.1, 203.0.113.9, 198.51.100.1")).Dispose();

        Assert.Equal("127.0.0.1", Assert.Single(direct.Audited("chat.complete")).GetProperty("ipAddress").GetString());
        Assert.Equal("203.0.113.9", Assert.Single(behindProxy.Audited("chat.complete")).GetProperty("ipAddress").GetString());
        Assert.Equal("203.0.113.9", Assert.Single(behindTwo.Audited("chat.complete")).GetProperty("ipAddress").GetString());
    }

    /// <summary>Whoever chose the id could hide its requests among another's, and switch its traces off.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trace_ThatTheCallerNames_GoesOnOnlyWhereThatIsSet(bool isTrusted)
    {
        const string theirs = "0af7651916cd43dd8448eb211c80319c";
        await using var room = await AccessRoom.StartAsync(CancellationToken, $"--Access:TrustTraceContext={isTrusted}");
        room.Client.DefaultRequestHeaders.Add("traceparent", $"00-{theirs}-b7ad6b7169203331-00");

        (await room.ChatAsync(AccessRoom.Token(), CancellationToken)).Dispose();

        var id = Assert.Single(room.Audited("chat.complete")).GetProperty("requestId").GetString();
        Assert.Matches("^[0-9a-f]{32}$", id);
        Assert.Equal(isTrusted, id == theirs);
    }

    /// <summary>Load balancers ask so.</summary>
    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Head_OfHealth_IsAnsweredAndNotAudited(string path)
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);

        using var response = await room.Client.SendAsync(request, CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(room.Audited("access.denied"));
    }

    [Theory]
    [InlineData("/health/live", HttpStatusCode.OK)]
    [InlineData("/health/ready", HttpStatusCode.OK)]
    [InlineData("/elsewhere", HttpStatusCode.Unauthorized)]
    public async Task Get_WithoutAToken_FindsHealthAlone(string path, HttpStatusCode expected)
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        using var response = await room.Client.GetAsync(path, CancellationToken);

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://app.example.attacker.example", false)]
    [InlineData("null", false)]
    public async Task Page_OfAnotherOrigin_IsLetInOnlyWhenItIsListed(string origin, bool isLetIn)
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, "--Access:AllowedOrigins:0=https://app.example");
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/api/chat")
        {
            Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization,content-type" } },
        };

        using var response = await room.Client.SendAsync(preflight, CancellationToken);

        string[] expected = isLetIn ? [origin] : [];
        Assert.Equal(expected, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed : []);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Page_OfAnotherOrigin_IsNotLetInByDefault()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        room.Client.DefaultRequestHeaders.Add("Origin", "https://app.example");

        using var response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Requests_AboveTheMinutesLimit_AreA429ThatSaysWhen()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, "--Access:Limits:RequestsPerMinute=2", "--Access:Limits:ConcurrentRequests=3", "--Access:Classes:gold:RequestsPerMinute=50", "--Access:Callers:root:RequestsPerMinute=70");
        HttpResponseMessage? response = null;
        // Two minutes may be touched, but never with three requests in one of them unrefused.
        for (var sent = 0; sent < 5 && response?.StatusCode != HttpStatusCode.TooManyRequests; sent++)
            response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);
        using var gold = await room.ChatAsync(AccessRoom.Token("bob", @class: "gold"), CancellationToken);
        using var own = await room.ChatAsync(AccessRoom.Token("root", @class: "gold"), CancellationToken);

        Assert.Equal(HttpStatusCode.TooManyRequests, response!.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Contains("\"requests\";r=0;", Assert.Single(response.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        Assert.Equal("ada", Assert.Single(room.Audited("limit.exceeded")).GetProperty("userId").GetString());
        Assert.StartsWith("\"requests\";q=50;w=60, ", Assert.Single(gold.Headers.GetValues("RateLimit-Policy")), StringComparison.Ordinal);
        Assert.StartsWith("\"requests\";q=70;w=60, ", Assert.Single(own.Headers.GetValues("RateLimit-Policy")), StringComparison.Ordinal);
        var access = room.Services.GetRequiredService<IOptions<AccessOptions>>().Value;
        Assert.Equal((3, 50), (access.Classes["gold"].Over(access.Limits).ConcurrentRequests, access.Classes["gold"].Over(access.Limits).RequestsPerMinute));
        response.Dispose();
    }

    [Fact]
    public async Task Requests_FromOneAddressAboveItsLimit_AreRefusedBeforeTheToken()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, "--Access:RequestsPerMinuteByAddress=3");
        var statuses = new List<HttpStatusCode>();
        var seconds = 60 - DateTimeOffset.UtcNow.Second;
        for (var sent = 0; sent < 8; sent++)
        {
            using var response = await room.ChatAsync("no-token", CancellationToken);
            statuses.Add(response.StatusCode);
            if (response.StatusCode != HttpStatusCode.TooManyRequests)
                continue;
            // The clock's minute, as the caller's own limit: a few seconds for a slow machine, or the next minute.
            Assert.True(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds is var wait && (wait <= seconds || wait > 50), $"{wait} of {seconds}");
            Assert.Equal("\"requests\";q=3;w=60", Assert.Single(response.Headers.GetValues("RateLimit-Policy")));
        }

        // Two minutes may be touched; of each one refusal is on record, for a flood must not fill the disk.
        Assert.InRange(room.Audited("limit.exceeded").Count, 1, 2);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
        Assert.InRange(statuses.Count(status => status == HttpStatusCode.Unauthorized), 3, 6);
    }

    /// <summary>The minute's limit refuses, or, where the test goes over a minute's end, the day's.</summary>
    [Fact]
    public async Task Tokens_AboveALimit_AreA429ThatTellsOfThatLimit()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, "--Access:Limits:TokensPerMinute=150", "--Access:Limits:TokensPerDay=150", "--Access:Limits:TokensPerMonth=1000000");
        HttpResponseMessage? response = null;
        for (var sent = 0; sent < 12 && response?.IsSuccessStatusCode != false; sent++)
        {
            response?.Dispose();
            response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);
            Assert.Matches("^\"requests\";q=60;w=60, \"tokens-(minute\";q=150;w=60|day\";q=150;w=86400)$", Assert.Single(response.Headers.GetValues("RateLimit-Policy")));
            Assert.Matches("^\"requests\";r=[0-9]+;t=[0-9]+, \"tokens-(minute|day)\";r=[0-9]+;t=[0-9]+$", Assert.Single(response.Headers.GetValues("RateLimit")));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, response!.StatusCode);
        var left = Assert.Single(response.Headers.GetValues("RateLimit")).Split(";t=");
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 86_400);
        Assert.InRange(double.Parse(left[^1], CultureInfo.InvariantCulture) - response.Headers.RetryAfter.Delta.Value.TotalSeconds, -1, 1);
        Assert.Equal("limit.tokens", Assert.Single(room.Audited("limit.exceeded")).GetProperty("errorCode").GetString());
        response.Dispose();
    }

    [Fact]
    public async Task Tokens_ThatMayCostMoreThanTheDayAllows_AreRefusedWithoutARetry()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken, "--Access:Limits:TokensPerMinute=20", "--Access:Limits:TokensPerDay=20", "--Access:Limits:TokensPerMonth=20");

        using var response = await room.ChatAsync(AccessRoom.Token(), CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.RetryAfter);
        Assert.Matches(", \"tokens-minute\";r=20;t=[0-9]+$", Assert.Single(response.Headers.GetValues("RateLimit")));
        Assert.Single(room.Audited("limit.exceeded"));
    }

    /// <summary>What a paused Redis does once it wakes is taken and never given back, so that a request asks it once.</summary>
    [Fact]
    public async Task Tokens_WhileTheCountIsPausedAndTheLimitsAreOpen_AreNotTakenLater()
    {
        await using var server = await RedisServer.StartAsync(CancellationToken);
        await using var connection = server.Connect(TimeSpan.FromSeconds(1));
        // Room for what one request reserves, and not for two.
        await using var room = await AccessRoom.StartAsync(
            connection, CancellationToken, "--Access:FailureMode=Open", "--Access:Limits:TokensPerMinute=120", "--Access:Limits:TokensPerDay=120", "--Access:Limits:TokensPerMonth=120");

        await server.CommandAsync("CLIENT", "PAUSE", "3000", "WRITE");
        using var open = await room.ChatAsync(AccessRoom.Token(), CancellationToken);
        while (await connection.CheckAsync(CancellationToken) is not null)
            await Task.Delay(50, CancellationToken);
        using var counted = await room.ChatAsync(AccessRoom.Token(), CancellationToken);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [open.StatusCode, counted.StatusCode]);
        // What is left is told only where it was counted.
        Assert.Equal([false, true], [open.Headers.Contains("RateLimit"), counted.Headers.Contains("RateLimit")]);
        Assert.Single(room.Audited("guard.failed"));
    }

    [Fact]
    public async Task Start_WithLimitsAndAccessThatMakeNoSense_NamesEachSettingWithThoseOfOtherRooms()
    {
        var exception = await Assert.ThrowsAsync<ConfigurationException>(() => AccessRoom.StartAsync(
            CancellationToken, "--Access:Limits:ConcurrentRequests=0", "--Access:Callers:ada:RequestsPerMinute=-1", "--Access:KnownProxies:0=everyone", "--Guards:Request:MaxMessages=0"));

        var settings = exception.Problems.Select(problem => problem.Setting).ToArray();
        Assert.Contains("Access:Limits:ConcurrentRequests", settings);
        Assert.Contains(settings, setting => setting.StartsWith("Access:Callers", StringComparison.Ordinal));
        Assert.Contains("Access:KnownProxies:0", settings);
        Assert.Contains("Guards:Request:MaxMessages", settings);
    }
}
