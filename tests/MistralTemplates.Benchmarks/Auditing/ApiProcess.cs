using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Auditing;

/// <summary>The built API as a process of its own, on a free port of loopback, with its audit log in a folder of the test's.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    private const string Issuer = "drill";

    private static readonly byte[] s_tokenKey = RandomNumberGenerator.GetBytes(32);
    private readonly RunningProgram _program;

    private ApiProcess(RunningProgram program, Uri address)
    {
        _program = program;
        Client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public int Id => _program.Id;

    public int Port => Client.BaseAddress!.Port;

    public string Output => _program.Output;

    public static string ProgramFile => Path.Combine(AppContext.BaseDirectory, "Acme-App.dll");

    /// <summary>The settings of a log in a folder, of offline answers, and of callers whose tokens are signed with a key of this run.</summary>
    public static Dictionary<string, string> Settings(string folder) => new()
    {
        ["DOTNET_ENVIRONMENT"] = "Development",
        ["Mistral__Offline"] = "true",
        ["Audit__Path"] = Path.Combine(folder, "audit.jsonl"),
        ["Audit__CheckpointPath"] = Path.Combine(folder, "checkpoints.txt"),
        ["Access__RequestsPerMinuteByAddress"] = "100000000",
        // A chat's records are found by the trace that it is sent with.
        ["Access__TrustTraceContext"] = "true",
        ["Authentication__Schemes__Bearer__ValidIssuer"] = Issuer,
        ["Authentication__Schemes__Bearer__ValidAudiences__0"] = Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Id"] = Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Issuer"] = Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Value"] = Convert.ToBase64String(s_tokenKey),
    };

    /// <param name="largestFile">The size in KiB at which the system lets no file grow further, as on a full disk; null for none.</param>
    public static ApiProcess Start(string folder, IReadOnlyDictionary<string, string> settings, int? largestFile = null)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var environment = new Dictionary<string, string>(settings) { ["ASPNETCORE_URLS"] = address.ToString() };
        if (largestFile is null)
            return new ApiProcess(RunningProgram.Start("dotnet", ["exec", ProgramFile], folder, environment), address);

        // The runtime's own memory is a file as well unless it is told otherwise; the ignored signal makes a write fail instead.
        environment["DOTNET_EnableWriteXorExecute"] = "0";
        return new ApiProcess(RunningProgram.Start("bash", ["-c", $"trap '' XFSZ; ulimit -S -f {largestFile}; exec dotnet exec \"$0\"", ProgramFile], folder, environment), address);
    }

    public Task WaitUntilItAnswersAsync(CancellationToken cancellationToken) => WaitUntilAsync(() => Get("/health/live") == HttpStatusCode.OK, cancellationToken);

    public Task WaitUntilAsync(Func<bool> condition, CancellationToken cancellationToken) => _program.WaitForAsync(condition, TimeSpan.FromMinutes(1), cancellationToken);

    /// <summary>A chat of a caller of its own; the trace id finds its record.</summary>
    public static HttpRequestMessage Chat(string prompt, bool stream, string traceId)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat")
        {
            Content = JsonContent.Create(new { model = "mistral-small-latest", messages = new[] { new { role = "user", content = prompt } }, maxTokens = 20, stream }),
        };
        request.Headers.Add("traceparent", $"00-{traceId}-0123456789abcdef-01");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token("caller-" + traceId));
        return request;
    }

    public HttpStatusCode Get(string path)
    {
        try
        {
            using var response = Client.Send(new HttpRequestMessage(HttpMethod.Get, path));
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return default;
        }
    }

    public void Kill()
    {
        using var process = Process.GetProcessById(Id);
        process.Kill();
        process.WaitForExit();
    }

    public Task<int> StopAsync(CancellationToken cancellationToken) => _program.StopAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        return _program.DisposeAsync();
    }

    public static string Token(string user, string scope = "chat")
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var head = Encode(JsonSerializer.SerializeToUtf8Bytes(new { alg = "HS256", typ = "JWT", kid = Issuer }));
        var claims = Encode(JsonSerializer.SerializeToUtf8Bytes(new { sub = user, iss = Issuer, aud = Issuer, scope, nbf = now - 60, exp = now + 3600 }));
        return $"{head}.{claims}.{Encode(HMACSHA256.HashData(s_tokenKey, Encoding.ASCII.GetBytes($"{head}.{claims}")))}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
