using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Acme.App.Tests.StandIn;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;
using MistralTemplates.Tests.Rooms.Guards;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>The API as a process, on the real Kestrel, asking the stand-in: Mistral's wire as the official clients and as others use it.</summary>
public sealed class CompletionsApiTests(CompletionsApiTests.Server server) : IClassFixture<CompletionsApiTests.Server>
{
    private const string FolderVariable = "MISTRAL_TEMPLATES_TYPESCRIPT";
    private const string Question = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello"}]}""";

    private static readonly string OfTheHasty = new('3', 32);
    private static readonly string[] OfLeavers = [new('4', 32), new('5', 32)];

    private static readonly string[] Modes =
    [
        "mistralChat", "mistralStream", "mistralTools", "mistralFields", "mistralModels", "mistralRefusal",
        "openaiChat", "openaiStream", "openaiTools", "openaiToolsStreamed", "openaiFields", "openaiModels", "openaiRefusal",
    ];

    private readonly int _before = server.Mistral.Requests.Count;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>What Mistral was asked in this test.</summary>
    private IReadOnlyList<RecordedRequest> Asked => [.. server.Mistral.Requests.Skip(_before)];

    [Fact]
    public async Task OfficialClients_InEveryMode_AreContentWithTheApi()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (string.IsNullOrEmpty(folder) || !Directory.Exists(Path.Combine(folder, "node_modules", "openai")))
            Assert.Skip($"Set {FolderVariable} to a folder with typescript/package.json, after npm install there, to run this test.");
        var script = Path.Combine(folder, $"clients-{Guid.NewGuid():N}.mjs");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "typescript", "clients.mjs"), script);
        try
        {
            var token = ApiProcess.Chat("", stream: false, new string('1', 32)).Headers.Authorization!.Parameter!;
            var node = await Command.RunAsync("node", [script, server.Api.Client.BaseAddress!.ToString(), token], folder, TimeSpan.FromMinutes(1), CancellationToken);

            Assert.True(node.ExitCode == 0, node.Output + node.Error);
            Assert.Equal(Modes, node.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
        finally
        {
            File.Delete(script);
        }
    }

    [Theory]
    [InlineData("{ not json", 400, "request.invalid")]
    [InlineData("null", 400, "request.invalid")]
    [InlineData("[]", 400, "request.invalid")]
    [InlineData("""{"model":1,"messages":[]}""", 400, "request.invalid")]
    [InlineData("""{"model":"mistral-small-latest","messages":[null]}""", 400, "request.invalid")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"judge","content":"x"}]}""", 400, "request.invalid")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"user","content":"x","surprise":1}]}""", 400, "request.invalid")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"user","content":[{"type":"text","text":"x","surprise":1}]}]}""", 400, "request.invalid")]
    [InlineData("""{"model":"mistral-small-latest","messages":[{"role":"user","content":[{"type":"image_url","image_url":"http://10.0.0.1/a"}]}]}""", 400, "request.invalid")]
    public async Task Completions_WithAWrongBody_IsRefusedAndAsksNobody(string body, int status, string code)
    {
        using var response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(body));

        await AssertRefusedAsync(response, status, code);
    }

    [Fact]
    public async Task Completions_WithDeepNesting_IsRefused()
    {
        using var response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes($$"""{"stop":{{new string('[', 100_000)}}"""));

        await AssertRefusedAsync(response, 400, "request.invalid");
    }

    [Fact]
    public async Task Completions_WithInvalidUtf8_IsRefused()
    {
        byte[] body = [.. "{\"model\":\""u8, 0xff, 0xfe, .. "\"}"u8];

        using var response = await PostAsync("/v1/chat/completions", body);

        await AssertRefusedAsync(response, 400, "request.invalid");
    }

    [Fact]
    public async Task Completions_WithAnotherContentType_IsA415()
    {
        using var response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Question), "text/plain");

        await AssertRefusedAsync(response, 415, "request.media_type");
    }

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/v1/chat/completions")]
    public async Task Body_LargerThanTaken_IsA413(string path)
    {
        using var response = await PostAsync(path, new byte[5 * 1024 * 1024]);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(Asked);
    }

    [Fact]
    public async Task Completions_WithoutAToken_IsA401InTheClientsShape()
    {
        using var response = await server.Api.Client.PostAsync("/v1/chat/completions", new StringContent(Question, Encoding.UTF8, "application/json"), CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        var error = await ErrorOfAsync(response);
        Assert.Equal(("authentication_error", "The token is missing, has expired, or is not for this program."), (error.GetProperty("type").GetString(), error.GetProperty("message").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, server.Api.Get("/v1/models"));
        Assert.Empty(Asked);
    }

    [Fact]
    public async Task Completions_MoreOftenThanAllowed_IsA429InTheClientsShape()
    {
        var answered = 0;
        HttpResponseMessage? response = null;
        // The first two may fall into two minutes; the third is then refused.
        for (var sent = 0; sent < 3 && response?.StatusCode != HttpStatusCode.TooManyRequests; sent++)
        {
            response?.Dispose();
            response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Question), trace: OfTheHasty);
            answered += response.StatusCode == HttpStatusCode.OK ? 1 : 0;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, response!.StatusCode);
        Assert.InRange(response.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0, 1, 60);
        var error = await ErrorOfAsync(response);
        Assert.Equal(("rate_limited", "limit.requests"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.InRange(answered, 1, 2);
        Assert.Equal(answered, Asked.Count);
        response.Dispose();
    }

    [Theory]
    [InlineData("/api/chat", "maxTokens", 0)]
    [InlineData("/v1/chat/completions", "max_tokens", 1)]
    public async Task Stream_LeftByItsCaller_EndsAtMistralTooIsPaidForAndAudited(string path, string maxTokens, int leaver)
    {
        const string piece = """{"id":"1","object":"chat.completion.chunk","created":1,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"role":"assistant","content":"word "},"finish_reason":null}]}""";
        server.Mistral.Enqueue(StandInReply.StreamOf(Enumerable.Repeat(Encoding.UTF8.GetBytes($"data: {piece}\n\n"), 10_000)) with { Pause = TimeSpan.FromMilliseconds(500) });
        var body = Encoding.UTF8.GetBytes($$"""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello"}],"{{maxTokens}}":600,"stream":true}""");

        using (var left = await PostAsync(path, body, trace: OfLeavers[leaver]))
        await using (var stream = await left.Content.ReadAsStreamAsync(CancellationToken))
            Assert.True(await stream.ReadAsync(new byte[100], CancellationToken) > 0);

        Assert.Equal(ReplyOutcome.ClientLeft, await Assert.Single(Asked).Closed.WaitAsync(TimeSpan.FromSeconds(60), CancellationToken));
        await RecordAsync("chat.cancelled", "caller-" + OfLeavers[leaver]);
        // It pays for the prompt and what came, not for the 600 tokens that might have: there is room for as many again, and not for the whole minute's.
        using var next = await PostAsync(path, body, trace: OfLeavers[leaver]);
        using var tooMuch = await PostAsync(path, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("600", "970", StringComparison.Ordinal)), trace: OfLeavers[leaver]);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (next.StatusCode, tooMuch.StatusCode));
        Assert.Contains("limit.tokens", await tooMuch.Content.ReadAsStringAsync(CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completions_ToolCall_HasItsArgumentsAsShortAsMistralWroteThem(bool stream)
    {
        server.Mistral.Enqueue(StandInReply.Calls(new StandInToolCall("call00001", "weather", """{"city":"Paris \u00e9t\u00e9","days":[1,2]}""")));

        using var response = await PostAsync("/v1/chat/completions", WithTool(stream));

        var arguments = Regex.Match(await TextOfAsync(response), "\"arguments\":(\"(\\\\.|[^\"])*\")", RegexOptions.NonBacktracking).Groups[1].Value;
        Assert.Equal("""{"city":"Paris été","days":[1,2]}""", JsonSerializer.Deserialize<string>(arguments));
    }

    /// <summary>Clients add up what the chunks of a stream say, the role too; and all chunks of one answer have one time.</summary>
    [Fact]
    public async Task Stream_OfAMaskedAnswer_NamesItsRoleOnceAndEndsWithItsReason()
    {
        server.Mistral.Enqueue(StandInReply.Answer($"Take {SensitiveSamples.GitHubToken} and write it down, then forget it."));

        using var response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Question.Replace("]}", "],\"stream\":true}", StringComparison.Ordinal)));

        var chunks = (await TextOfAsync(response)).Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonElement.Parse(line[6..])).ToList();
        var choices = chunks.Select(chunk => chunk.GetProperty("choices")[0]).ToList();
        Assert.Equal("Take [secret] and write it down, then forget it.", string.Concat(choices.Select(choice => choice.GetProperty("delta").GetProperty("content").GetString())));
        Assert.True(choices[0].GetProperty("delta").TryGetProperty("role", out _));
        Assert.DoesNotContain(choices[1..], choice => choice.GetProperty("delta").TryGetProperty("role", out _));
        Assert.Equal("stop", choices[^1].GetProperty("finish_reason").GetString());
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("created").GetInt64()).Distinct());
    }

    /// <summary>Whoever asks for it OpenAI's way adds up what the chunks with a choice say, and what the one without says once more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_UsageIsAskedForOpenAIsWay_StandsInAChunkOfItsOwn(bool isAsked)
    {
        var body = Question.Replace("]}", isAsked ? "],\"stream\":true,\"stream_options\":{\"include_usage\":true}}" : "],\"stream\":true}", StringComparison.Ordinal);

        using var response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(body));

        var chunks = (await TextOfAsync(response)).Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonElement.Parse(line[6..])).ToList();
        Assert.True(chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32() > 0);
        Assert.Equal(isAsked ? 0 : 1, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.DoesNotContain(chunks[..^1], chunk => chunk.TryGetProperty("usage", out _) || chunk.GetProperty("choices").GetArrayLength() != 1);
        Assert.Single(chunks.Select(chunk => $"{chunk.GetProperty("id")} {chunk.GetProperty("created")} {chunk.GetProperty("model")}").Distinct());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completions_ReferencesOfAnAnswer_ReachTheCaller(bool stream)
    {
        const string content = """[{"type":"text","text":"See "},{"type":"reference","reference_ids":[1,2]},{"type":"text","text":" there."}]""";
        server.Mistral.Enqueue(stream
            ? StandInReply.Stream("""data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"role":"assistant","content":""" + content + """},"finish_reason":"stop"}]}""" + "\n\n", "data: [DONE]\n\n")
            : StandInReply.Json("""{"id":"1","object":"chat.completion","created":1,"model":"mistral-small-latest","choices":[{"index":0,"message":{"role":"assistant","content":""" + content + """},"finish_reason":"stop"}]}"""));

        using var response = await PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(stream ? Question.Replace("]}", "],\"stream\":true}", StringComparison.Ordinal) : Question));

        Assert.Contains("""{"type":"reference","reference_ids":[1,2]}""", await TextOfAsync(response), StringComparison.Ordinal);
    }

    /// <summary>
    /// As of a call that was cut at the most tokens. Whoever calls the tool must not take what could not be read for a call without arguments,
    /// and learns nothing from an error that it would only ask again after.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completions_ToolCallWithBrokenArguments_GoesOnAsItCame(bool stream)
    {
        server.Mistral.Enqueue(StandInReply.Calls(new StandInToolCall("call00001", "delete", """{"only":"drafts""")) with { FinishReason = "length" });

        using var response = await PostAsync("/v1/chat/completions", WithTool(stream));

        var answer = (await TextOfAsync(response)).Replace("\\u0022", "\\\"", StringComparison.Ordinal);
        Assert.Contains("\"arguments\":\"{\\\"only\\\":\\\"drafts\"", answer, StringComparison.Ordinal);
        Assert.Contains("\"finish_reason\":\"length\"", answer, StringComparison.Ordinal);
    }

    /// <summary>What is no JSON may become some where it goes, and its escapes letters.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("\ufeff")]
    [InlineData("```json\n")]
    [InlineData("/*c*/")]
    [InlineData("x ")]
    public async Task Completions_SecretInBrokenArgumentsThatComeBack_IsKeptFromMistral(string before)
    {
        var token = SensitiveSamples.GitHubToken;
        var arguments = $"{before}{{\"k\":\"\\u{(int)token[0]:x4}{token[1..]}";
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = "mistral-small-latest",
            messages = new object[]
            {
                new { role = "user", content = "Hello" },
                new { role = "assistant", content = "", tool_calls = new[] { new { id = "abcdefgh1", function = new { name = "f", arguments } } } },
                new { role = "tool", content = "That was no JSON.", tool_call_id = "abcdefgh1" },
            },
        });

        using var response = await PostAsync("/v1/chat/completions", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Empty(Asked);
    }

    /// <summary>OpenAI's have one in a stream alone, and a client that sends back all that it got would be refused for it by others.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completions_ToolCall_HasAnIndexInAStreamAlone(bool stream)
    {
        server.Mistral.Enqueue(StandInReply.Calls(new StandInToolCall("call00001", "look", """{"a":1}""")));

        using var response = await PostAsync("/v1/chat/completions", WithTool(stream));

        var call = (await TextOfAsync(response)).Split('\n').Select(line => line.StartsWith("data: {", StringComparison.Ordinal) ? line[6..] : line)
            .Where(line => line is ['{', ..]).Select(line => JsonElement.Parse(line).GetProperty("choices")[0].GetProperty(stream ? "delta" : "message"))
            .Single(message => message.TryGetProperty("tool_calls", out _)).GetProperty("tool_calls")[0];
        Assert.Equal(stream, call.TryGetProperty("index", out _));
    }

    [Theory]
    [InlineData("content")]
    [InlineData("description")]
    [InlineData("stop")]
    [InlineData("prediction")]
    [InlineData("metadata")]
    [InlineData("cacheKey")]
    [InlineData("document")]
    [InlineData("signature")]
    public async Task Completions_WithASecretInAnyText_KeepItFromMistral(string place)
    {
        var secret = "ghp_" + string.Concat(Enumerable.Range(0, 36).Select(index => (char)(index % 2 == 0 ? 'a' + (index * 7 % 26) : '0' + (index * 3 % 10))));
        string At(string name, string usual) => place == name ? secret : usual;
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = "mistral-small-latest",
            messages = new object[]
            {
                new { role = "assistant", content = new object[] { new { type = "thinking", thinking = new[] { new { type = "text", text = "Hm." } }, signature = At("signature", "c2lnbmVk") } } },
                new { role = "user", content = new object[] { new { type = "text", text = At("content", "Hello") }, new { type = "document_url", document_url = "https://example.com/a.pdf", document_name = At("document", "Tides") } } },
            },
            stop = At("stop", "x"),
            prediction = new { type = "content", content = At("prediction", "The tide") },
            metadata = new { ticket = At("metadata", "7") },
            prompt_cache_key = At("cacheKey", "tides"),
            tools = new[] { new { type = "function", function = new { name = "look", description = At("description", "A tool."), parameters = new { type = "object" } } } },
        });

        using var response = await PostAsync("/v1/chat/completions", body);

        var answer = await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.DoesNotContain(secret, answer, StringComparison.Ordinal);
        Assert.DoesNotContain(Asked, request => request.Body.Contains(secret, StringComparison.Ordinal));
    }

    private static byte[] WithTool(bool stream) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        model = "mistral-small-latest",
        messages = new[] { new { role = "user", content = "Hello" } },
        tools = new[] { new { type = "function", function = new { name = "weather", parameters = new { type = "object" } } } },
        stream,
    });

    private static Task<string> TextOfAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(CancellationToken);

    private async Task AssertRefusedAsync(HttpResponseMessage response, int status, string code)
    {
        var answer = await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.True(status == (int)response.StatusCode, answer);
        Assert.Equal(code, JsonDocument.Parse(answer).RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
        Assert.Empty(Asked);
    }

    private static async Task<JsonElement> ErrorOfAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(CancellationToken)).RootElement.GetProperty("error");

    /// <summary>The record is written when the stream has ended, which the caller who left does not see.</summary>
    private async Task RecordAsync(string action, string user)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        while (true)
        {
            await using var file = new FileStream(Path.Combine(server.Folder, "audit.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var lines = (await new StreamReader(file).ReadToEndAsync(limit.Token)).Split('\n');
            if (lines[..^1].Select(line => JsonElement.Parse(line))
                .Any(record => record.GetProperty("action").GetString() == action && record.GetProperty("userId").GetString() == user))
            {
                return;
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private Task<HttpResponseMessage> PostAsync(string path, byte[] body, string mediaType = "application/json", string? trace = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) { Headers = { ContentType = new(mediaType) } } };
        request.Headers.Authorization = ApiProcess.Chat("", stream: false, trace ?? new string('2', 32)).Headers.Authorization;
        // A body that is refused by its length is not sent, so that the answer is read and not a closed connection.
        request.Headers.ExpectContinue = true;
        return server.Api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
    }

    /// <summary>One program for the class: each test has its own callers where limits count, and looks at what Mistral was asked since it began.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public string Folder => _folder.Path;

        internal MistralStandIn Mistral { get; private set; } = null!;

        internal ApiProcess Api { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Mistral = await MistralStandIn.StartAsync(CancellationToken);
            var settings = new Dictionary<string, string>(ApiProcess.Settings(Folder))
            {
                ["Mistral__Offline"] = "false",
                ["Mistral__Endpoint"] = Mistral.Endpoint.ToString(),
                ["MISTRAL_API_KEY_DEV"] = MistralStandIn.UsualKey,
                ["Access__Limits__RequestsPerMinute"] = "100000",
                [$"Access__Callers__caller-{OfTheHasty}__RequestsPerMinute"] = "1",
            };
            foreach (var leaver in OfLeavers)
            {
                settings[$"Access__Callers__caller-{leaver}__TokensPerMinute"] = "1000";
                settings[$"Access__Callers__caller-{leaver}__TokensPerDay"] = "1000";
            }

            Api = ApiProcess.Start(Folder, settings);
            await Api.WaitUntilItAnswersAsync(CancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await Api.DisposeAsync();
            await Mistral.DisposeAsync();
            _folder.Dispose();
        }
    }
}
