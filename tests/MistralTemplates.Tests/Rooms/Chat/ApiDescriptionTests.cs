using System.Text.Json;
using System.Text.RegularExpressions;
using Acme.App.Chat;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Access;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>The document that describes the API and the page that shows it: true to what is answered, and open in Development alone.</summary>
public sealed class ApiDescriptionTests
{
    private const string Document = "/openapi/v1.json";
    private static readonly string[] s_statuses = ["200", "400", "401", "403", "413", "415", "422", "429", "500", "502", "503", "504"];
    private static readonly string[] s_statusesWithoutABody = ["200", "401", "403", "429", "503", "504"];
    private static readonly string[] s_statusesOfOne = ["200", "401", "403", "404", "429", "503", "504"];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Document_InDevelopment_DescribesEachEndpointWithExamplesAndErrors()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        var document = JsonElement.Parse(await room.Client.GetStringAsync(Document, CancellationToken));

        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (Path: path.Name, operation.Value))).ToList();
        Assert.Equal(["/api/chat", "/v1/chat/completions", "/v1/models", "/v1/models/{id}"], operations.Select(operation => operation.Path).Order(StringComparer.Ordinal));
        foreach (var (path, operation) in operations)
        {
            Assert.Equal(path switch { "/v1/models" => s_statusesWithoutABody, "/v1/models/{id}" => s_statusesOfOne, _ => s_statuses }, operation.GetProperty("responses").EnumerateObject().Select(response => response.Name).Order(StringComparer.Ordinal));
            foreach (var content in operation.GetProperty("responses").EnumerateObject().SelectMany(response => response.Value.GetProperty("content").EnumerateObject()))
                Assert.True(content.Value.TryGetProperty("example", out _), content.Name);
            Assert.Equal("""[{"Bearer":["chat"]}]""", JsonSerializer.Serialize(operation.GetProperty("security")));
            Assert.Matches("^[a-z][A-Za-z]+$", operation.GetProperty("operationId").GetString());
        }

        var chat = document.GetProperty("paths").GetProperty("/api/chat").GetProperty("post");
        Assert.Equal("urn:problem:sensitive.data", Example(chat, "422", "application/problem+json").GetProperty("type").GetString());
        Assert.Equal("Content Too Large", Example(chat, "413", "application/problem+json").GetProperty("title").GetString());
        Assert.Contains("[DONE]", Example(chat, "200", "text/event-stream").GetString(), StringComparison.Ordinal);
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("Bearer").GetProperty("scheme").GetString());
        Assert.Equal("Bearer", document.GetProperty("security")[0].EnumerateObject().Single().Name);
    }

    /// <summary>A name in the document that the endpoint refuses, or the other way round, would send every reader astray.</summary>
    [Theory]
    [InlineData("/api/chat", "ChatRequest", "maxTokens")]
    [InlineData("/v1/chat/completions", "CompletionRequest", "max_tokens")]
    public async Task Document_NamesFields_AsTheEndpointTakesThem(string path, string schema, string field)
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        var document = JsonElement.Parse(await room.Client.GetStringAsync(Document, CancellationToken));
        var fields = document.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties").EnumerateObject().Select(property => property.Name).ToList();
        Assert.Contains(field, fields);

        // Each field with a value that no field takes: one that is known is refused by its name, not as unknown.
        foreach (var name in fields.Where(name => name is not ("stop" or "tool_choice" or "stream_options" or "guardrails")))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent($$"""{"{{name}}":[[]]}""", null, "application/json") };
            request.Headers.Authorization = new("Bearer", AccessRoom.Token(user: name));
            using var response = await room.Client.SendAsync(request, CancellationToken);
            Assert.Contains($"\"{name}", await response.Content.ReadAsStringAsync(CancellationToken), StringComparison.Ordinal);
        }

        using var example = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(document.GetProperty("paths").GetProperty(path).GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText(), null, "application/json"),
        };
        example.Headers.Authorization = new("Bearer", AccessRoom.Token());
        using var answer = await room.Client.SendAsync(example, CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
    }

    /// <summary>A client that is made from the document must be able to send what the endpoint takes, and to read what it answers.</summary>
    [Fact]
    public async Task Document_Schemas_AreThoseOfTheEndpoint()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        var schemas = JsonElement.Parse(await room.Client.GetStringAsync(Document, CancellationToken)).GetProperty("components").GetProperty("schemas");
        var asked = schemas.GetProperty("CompletionRequest").GetProperty("properties");

        Assert.Equal("""["content","finishReason","id","model","usage"]""", RequiredOf(schemas.GetProperty("ChatResult")));
        var message = schemas.GetProperty("ChatRequest").GetProperty("properties").GetProperty("messages");
        Assert.Equal("array", message.GetProperty("type").GetString());
        Assert.Equal("""["content","role"]""", RequiredOf(message.GetProperty("items")));
        Assert.False(message.GetProperty("items").GetProperty("additionalProperties").GetBoolean());
        Assert.All(asked.EnumerateObject().Where(field => field.Name != "messages" && field.Value.TryGetProperty("type", out _)), field =>
            Assert.Contains("null", field.Value.GetProperty("type").EnumerateArray().Select(type => type.GetString())));
        Assert.All(Acme.App.Mistral.WireRequest.PassedOn.Keys, name => Assert.True(asked.GetProperty(name).TryGetProperty("type", out _), name));
        Assert.False(asked.GetProperty("response_format").GetProperty("properties").GetProperty("json_schema").TryGetProperty("required", out _));
        foreach (var name in (string[])["id", "model"])
            Assert.Equal("string", schemas.GetProperty("WireAnswer").GetProperty("properties").GetProperty(name).GetProperty("type").GetString());
        foreach (var name in (string[])["traceId", "errors", "kinds", "type", "status"])
            Assert.True(schemas.GetProperty("ProblemDetails").GetProperty("properties").TryGetProperty(name, out _), name);

        static string RequiredOf(JsonElement schema) =>
            JsonSerializer.Serialize(schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()).Order(StringComparer.Ordinal));
    }

    /// <summary>Endpoints that the owner adds: described as the framework does it, with who may call them.</summary>
    [Fact]
    public async Task Document_OfTheOwnersEndpoints_SaysWhoMayCallAndWhatIsRequired()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOpenApi(ApiDescription.Configure);
        builder.Services.AddAuthentication();
        builder.Services.AddAuthorization(authorization => authorization.AddPolicy("operate", policy => policy.RequireAuthenticatedUser()));
        await using var app = builder.Build();
        app.MapPost("/open", (OwnersOrder order) => order.Item).AllowAnonymous();
        app.MapGet("/operated", () => "").RequireAuthorization("operate");
        app.MapOpenApi().AllowAnonymous();
        await app.StartAsync(CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        var document = JsonElement.Parse(await client.GetStringAsync(Document, CancellationToken));

        var paths = document.GetProperty("paths");
        Assert.Equal("[]", JsonSerializer.Serialize(paths.GetProperty("/open").GetProperty("post").GetProperty("security")));
        Assert.Equal("""[{"Bearer":["operate"]}]""", JsonSerializer.Serialize(paths.GetProperty("/operated").GetProperty("get").GetProperty("security")));
        Assert.Equal("""["item","count"]""", JsonSerializer.Serialize(document.GetProperty("components").GetProperty("schemas").GetProperty("OwnersOrder").GetProperty("required")));
    }

    [Theory]
    [InlineData("Staging")]
    [InlineData("Production")]
    public async Task Description_OutsideDevelopment_IsForOperatorsAlone(string environment)
    {
        await using var api = new RunningApi();
        await api.StartAsync(environment);

        using var stranger = await api.GetAsync(Document);
        using var caller = await api.GetAsync(Document, "ada");
        using var @operator = await api.GetAsync(Document, "ada", "operate");
        using var page = await api.GetAsync("/scalar");
        using var pageOfOperator = await api.GetAsync("/scalar", "ada", "operate");

        Assert.Equal([401, 403, 200, 401, 404], new[] { stranger, caller, @operator, page, pageOfOperator }.Select(response => (int)response.StatusCode));
    }

    [Fact]
    public async Task Page_InDevelopment_HasAPolicyOfItsOwnAndTheRestKeepsTheStrictOne()
    {
        await using var room = await AccessRoom.StartAsync(CancellationToken);

        using var page = await room.Client.GetAsync("/scalar", CancellationToken);
        using var health = await room.Client.GetAsync("/health/live", CancellationToken);

        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Matches("script-src 'self' 'nonce-[^']{20,}'", policy);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        var nonce = Regex.Match(policy, "'nonce-([^']+)'").Groups[1].Value;
        Assert.Contains(System.Net.WebUtility.HtmlEncode(nonce).Replace("+", "&#x2B;", StringComparison.Ordinal), await page.Content.ReadAsStringAsync(CancellationToken), StringComparison.Ordinal);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", Assert.Single(health.Headers.GetValues("Content-Security-Policy")));
    }

    /// <summary>In a browser that finds no other machine: the page must show the document, and ask nobody but this program.</summary>
    [Fact]
    public async Task Page_InABrowser_ShowsTheDocumentAndAsksNobodyElse()
    {
        var browser = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        if (browser is null)
            Assert.Skip("chromium is not installed.");
        await using var room = await AccessRoom.StartAsync(CancellationToken);
        var folder = Directory.CreateTempSubdirectory("page-in-a-browser-").FullName;
        try
        {
            var result = await Command.RunAsync(
                browser,
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", $"--user-data-dir={folder}/profile", "--no-first-run", "--disable-background-networking",
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr", $"--log-net-log={folder}/net.json", "--virtual-time-budget=20000", "--dump-dom",
                    $"{room.Client.BaseAddress}scalar",
                ],
                folder, TimeSpan.FromMinutes(2), CancellationToken);

            Assert.Contains("Answers a chat, whole or as server-sent events.", result.Output, StringComparison.Ordinal);
            // Its maker's own services are not offered: the document would leave the machine with a click.
            Assert.DoesNotContain("Generate SDK", result.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("client.scalar.com", result.Output, StringComparison.Ordinal);
            // What the console says of the page: nothing that was refused, nothing that failed.
            var complaints = result.Error.Split('\n').Where(line => line.Contains("CONSOLE", StringComparison.Ordinal))
                .Where(line => line.Contains("Refused", StringComparison.Ordinal) || line.Contains("violates", StringComparison.Ordinal) || line.Contains("Failed", StringComparison.Ordinal) || line.Contains("Uncaught", StringComparison.Ordinal));
            Assert.Empty(complaints);
            // What the page asked for; the browser's own errands have another initiator.
            var asked = Regex.Matches(await File.ReadAllTextAsync($"{folder}/net.json", CancellationToken), "\"initiator\":\"http://127[^\n]*?\"url\":\"([^\"]+)\"").Select(match => match.Groups[1].Value).ToList();
            Assert.Contains(asked, url => url.EndsWith(Document, StringComparison.Ordinal));
            Assert.All(asked, url => Assert.StartsWith(room.Client.BaseAddress!.ToString(), url, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static JsonElement Example(JsonElement operation, string status, string mediaType) =>
        operation.GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty(mediaType).GetProperty("example");

    private sealed record OwnersOrder(string Item, int Count, string? Note = null);
}
