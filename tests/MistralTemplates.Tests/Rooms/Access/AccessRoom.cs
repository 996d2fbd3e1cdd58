using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Acme.App.Access;
using Acme.App.Auditing;
using Acme.App.Chat;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Scale;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>The API's rooms on a free port of loopback, answered by the offline stand-in.</summary>
internal sealed class AccessRoom : IAsyncDisposable
{
    private const string Issuer = "issuer-of-the-test";
    private static readonly byte[] s_key = RandomNumberGenerator.GetBytes(32);
    private readonly string _folder;
    private readonly WebApplication _app;

    private AccessRoom(string folder, WebApplication app)
    {
        (_folder, _app) = (folder, app);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public TokenBudget Budget => Services.GetRequiredService<TokenBudget>();

    public static Task<AccessRoom> StartAsync(CancellationToken cancellationToken, params string[] settings) => StartAsync(limits: null, cancellationToken, settings);

    /// <summary>Starts with another count of limits than this process's own.</summary>
    public static async Task<AccessRoom> StartAsync(RedisConnection? limits, CancellationToken cancellationToken, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("access-room-").FullName;
        try
        {
            return await StartAsync(folder, limits, settings, cancellationToken);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private static async Task<AccessRoom> StartAsync(string folder, RedisConnection? limits, string[] settings, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "appsettings*.json"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        string[] arguments =
        [
            "--Mistral:Offline=true", "--Audit:Path=audit.jsonl",
            $"--Authentication:Schemes:Bearer:ValidIssuer={Issuer}", $"--Authentication:Schemes:Bearer:ValidAudiences:0={Issuer}",
            $"--Authentication:Schemes:Bearer:SigningKeys:0:Issuer={Issuer}", $"--Authentication:Schemes:Bearer:SigningKeys:0:Value={Convert.ToBase64String(s_key)}",
            .. settings,
        ];
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = arguments, ContentRootPath = folder, EnvironmentName = "Development", ApplicationName = "Acme-App" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddConfiguration();
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();
        builder.AddAccess();
        builder.AddChat();
        if (limits is not null)
            builder.Services.Replace(ServiceDescriptor.Singleton<ILimitStore>(new RedisLimitStore(limits, Options.Create(new AccessOptions()), TimeProvider.System)));
        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAccess();
        app.MapChat();
        app.MapCompletions();
        app.MapHealth();
        app.MapDescription();
        await app.CheckConfigurationAsync(cancellationToken);
        await app.StartAsync(cancellationToken);
        return new AccessRoom(folder, app);
    }

    public static string Token(string user = "ada", string? scope = "chat", int secondsToLive = 600, string? @class = null, string? keyId = null)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var head = Encode(JsonSerializer.SerializeToUtf8Bytes(new { alg = "HS256", typ = "JWT", kid = keyId }));
        var claims = Encode(JsonSerializer.SerializeToUtf8Bytes(new { sub = user, iss = Issuer, aud = Issuer, scope, @class, nbf = now - 7200, exp = now + secondsToLive }));
        return $"{head}.{claims}.{Encode(HMACSHA256.HashData(s_key, Encoding.ASCII.GetBytes($"{head}.{claims}")))}";
    }

    public Task<HttpResponseMessage> ChatAsync(string? token, CancellationToken cancellationToken, string? forwardedFor = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat")
        {
            Content = JsonContent.Create(new { model = "mistral-small-latest", messages = new[] { new { role = "user", content = "What is a nonce?" } }, maxTokens = 50 }),
        };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        return Client.SendAsync(request, cancellationToken);
    }

    /// <summary>The audit's records of one action.</summary>
    public IReadOnlyList<JsonElement> Audited(string action)
    {
        using var file = new FileStream(Path.Combine(_folder, "audit.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return [.. new StreamReader(file).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).Where(record => record.GetProperty("action").GetString() == action)];
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
