using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Tests.StandIn;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>The built API as a process on the real Kestrel, configured as in production, behind a proxy that took https off, asking the stand-in.</summary>
public sealed class RunningApi : IAsyncLifetime
{
    /// <summary>A question that every endpoint takes.</summary>
    public const string Question = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello"}]}""";

    private readonly TemporaryFolder _folder = new();
    private MistralStandIn? _mistral;
    private ApiProcess? _process;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    internal MistralStandIn Mistral => _mistral!;

    internal ApiProcess Process => _process!;

    public string Folder => _folder.Path;

    public HttpClient Client => Process.Client;

    /// <summary>As a class's fixture: Production, short time limits, and callers whose limits are known.</summary>
    public ValueTask InitializeAsync() => new(StartAsync("Production", new Dictionary<string, string>
    {
        ["Mistral__MaxResponseBytes"] = "200000000",
        ["Mistral__Resilience__MaxRetries"] = "0",
        ["Mistral__Resilience__AttemptTimeout"] = "00:00:03",
        ["Access__Connections__HeadersTimeout"] = "00:00:02",
        ["Access__Connections__StallTimeout"] = "00:00:03",
        ["Guards__SensitiveData__Cards__Output"] = "Block",
        ["Access__Callers__hasty__RequestsPerMinute"] = "1",
        ["Access__Callers__frugal__TokensPerMinute"] = "500",
    }));

    public async Task StartAsync(string environment, IReadOnlyDictionary<string, string>? settings = null)
    {
        _mistral = await MistralStandIn.StartAsync(CancellationToken);
        var keys = AuditKeys.Make();
        var all = new Dictionary<string, string>(ApiProcess.Settings(Folder))
        {
            ["DOTNET_ENVIRONMENT"] = environment,
            ["Mistral__Offline"] = "false",
            ["Mistral__Endpoint"] = _mistral.Endpoint.ToString(),
            ["MISTRAL_API_KEY"] = MistralStandIn.UsualKey,
            ["Audit__ChainKey"] = keys[0],
            ["Audit__CheckpointKey"] = keys[1],
            ["Access__KnownProxies__0"] = "127.0.0.1",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            all[name] = value;
        _process = ApiProcess.Start(Folder, all);
        await _process.WaitUntilItAnswersAsync(CancellationToken);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body, string? user = "ada", string scope = "chat", string? traceId = null, string mediaType = "application/json", string? accept = null) =>
        SendAsync(HttpMethod.Post, path, user, scope, traceId, new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(mediaType) } }, accept);

    public Task<HttpResponseMessage> GetAsync(string path, string? user = null, string scope = "chat", string? accept = null) => SendAsync(HttpMethod.Get, path, user, scope, null, null, accept);

    /// <summary>Reads what came before a body broke off; a body with an end is an error.</summary>
    public static async Task<string> ReadBrokenAsync(HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync(CancellationToken);
        using var text = new MemoryStream();
        var end = await Assert.ThrowsAsync<HttpIOException>(() => body.CopyToAsync(text, CancellationToken));
        Assert.Equal(HttpRequestError.ResponseEnded, end.HttpRequestError);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    /// <summary>The audit's records of one trace; a stream's record comes a moment after its end.</summary>
    public async Task<IReadOnlyList<JsonElement>> AuditedAsync(Func<JsonElement, bool> isSought, int atLeast = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            await using var file = new FileStream(Path.Combine(Folder, "audit.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var lines = (await new StreamReader(file).ReadToEndAsync(limit.Token)).Split('\n');
            var found = lines[..^1].Select(line => JsonElement.Parse(line)).Where(isSought).ToList();
            if (found.Count >= atLeast)
                return found;
            await Task.Delay(50, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_mistral is not null)
            await _mistral.DisposeAsync();
        _folder.Dispose();
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? user, string scope, string? traceId, HttpContent? content, string? accept)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        if (accept is not null)
            request.Headers.Add("Accept", accept);
        if (traceId is not null)
            request.Headers.Add("traceparent", $"00-{traceId}-0123456789abcdef-01");
        if (user is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiProcess.Token(user, scope));
        // A body that is refused by its length is not sent, so that the answer is read and not a closed connection.
        request.Headers.ExpectContinue = true;
        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
    }
}
