using System.Text.Json;
using Acme.App.Tests.StandIn;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>Every status that a caller can meet, on both endpoints, as production answers it.</summary>
public sealed class ErrorTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Chat = "/api/chat";
    private const string Completions = "/v1/chat/completions";

    // A number that passes the check of cards, put together here.
    private static readonly string s_card = string.Join(' ', "4111", "1111", "1111", "1111");

    private readonly string _trace = Guid.NewGuid().ToString("N");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Chat, "false")]
    [InlineData(Completions, "false")]
    [InlineData(Chat, "true")]
    [InlineData(Completions, "true")]
    public async Task Request_ThatBreaksARule_IsA400ThatNamesTheFieldAndIsOnRecord(string path, string stream)
    {
        var body = $$"""{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hello"}],"temperature":9,"stream":{{stream}}}""";

        using var response = await api.PostAsync(path, body, traceId: _trace);

        var problem = await AssertProblemAsync(response, path, 400, "request.invalid");
        Assert.Contains("temperature", problem, StringComparison.Ordinal);
        await AssertAuditedAsync("chat.refused");
    }

    [Theory]
    [InlineData(Chat, """{"model":7}""", "model")]
    [InlineData(Chat, """{"messages":[{"role":"user","content":"Hello"}],"surprise":1}""", "surprise")]
    [InlineData(Completions, """{"model":7}""", "model")]
    [InlineData(Completions, """{"messages":[{"role":"user","content":"Hello"}],"tools":[{"type":"function"}]}""", "tools[0]")]
    [InlineData(Completions, """{"messages":[{"role":"user","content":[{"type":"text","text":5}]}]}""", "messages[0].content")]
    [InlineData(Completions, """{"messages":[{"role":"user","content":5}]}""", "messages[0].content")]
    [InlineData(Completions, """{"messages":[],"stream_options":{"bogus":1}}""", "stream_options.bogus")]
    [InlineData(Completions, """{"messages":[],"stream_options":[]}""", "stream_options")]
    public async Task Body_OfAnotherShape_IsA400ThatNamesTheField(string path, string body, string field)
    {
        using var response = await api.PostAsync(path, body, traceId: _trace);

        var problem = await AssertProblemAsync(response, path, 400, "request.invalid");
        Assert.Contains($"\"{field}", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Completions)]
    public async Task Caller_WithoutAToken_IsA401(string path)
    {
        using var response = await api.PostAsync(path, RunningApi.Question, user: null, traceId: _trace);

        await AssertProblemAsync(response, path, 401, code: null);
        Assert.Equal("Bearer scope=\"chat\"", response.Headers.WwwAuthenticate.ToString());
        await AssertAuditedAsync("access.denied");
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Completions)]
    public async Task Caller_WithoutTheScope_IsA403(string path)
    {
        using var response = await api.PostAsync(path, RunningApi.Question, scope: "operate", traceId: _trace);

        await AssertProblemAsync(response, path, 403, code: null);
        await AssertAuditedAsync("access.denied");
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Completions)]
    public async Task Body_LargerThanTaken_IsA413(string path)
    {
        using var response = await api.PostAsync(path, new string(' ', 5 * 1024 * 1024), traceId: _trace);

        await AssertProblemAsync(response, path, 413, "request.too_large");
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Completions)]
    public async Task Body_OfAnotherMediaType_IsA415(string path)
    {
        using var response = await api.PostAsync(path, RunningApi.Question, traceId: _trace, mediaType: "text/plain");

        await AssertProblemAsync(response, path, 415, "request.media_type");
    }

    [Theory]
    [InlineData(Chat, "text/event-stream")]
    [InlineData(Completions, "text/event-stream")]
    [InlineData(Chat, "text/html,application/xml;q=0.9")]
    public async Task Error_ForACallerThatAcceptsAnotherMediaType_IsToldAllTheSame(string path, string accept)
    {
        using var rule = await api.PostAsync(path, RunningApi.Question.Replace("]}", "],\"temperature\":9}", StringComparison.Ordinal), traceId: _trace, accept: accept);
        using var stranger = await api.PostAsync(path, RunningApi.Question, user: null, traceId: _trace, accept: accept);
        using var nowhere = await api.GetAsync("/admin", "ada", accept: accept);

        await AssertProblemAsync(rule, path, 400, "request.invalid");
        await AssertProblemAsync(stranger, path, 401, code: null);
        Assert.Equal("application/problem+json", nowhere.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData(Chat, "application/json; charset=\"utf-8\"", 200)]
    [InlineData(Completions, "application/json;charset=UTF-8", 200)]
    [InlineData(Chat, "application/json; charset=bogus", 415)]
    [InlineData(Completions, "application/json; charset=\"utf-7\"", 415)]
    [InlineData(Completions, "application/json; charset=iso-8859-1", 415)]
    public async Task Body_InAnotherCharset_IsA415(string path, string mediaType, int status)
    {
        using var response = await api.PostAsync(path, RunningApi.Question, traceId: _trace, mediaType: mediaType);

        Assert.Equal(status, (int)response.StatusCode);
        if (status != 200)
            await AssertProblemAsync(response, path, status, "request.media_type");
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Completions)]
    public async Task Body_WithAByteOrderMark_IsTaken(string path)
    {
        using var response = await api.PostAsync(path, "\ufeff" + RunningApi.Question, traceId: _trace);

        Assert.Equal(200, (int)response.StatusCode);
    }

    /// <summary>Mistral's and OpenAI's clients show the message alone, and know the field by the wire's name.</summary>
    [Theory]
    [InlineData("\"max_tokens\":0", "max_tokens", "The most tokens of an answer must be 1 to ")]
    [InlineData("\"temperature\":9", "temperature", "The temperature must be 0 to ")]
    [InlineData("\"top_p\":9", "top_p", "It must be above 0 and at most 1.")]
    public async Task Completions_RuleBroken_IsToldInTheMessage(string field, string name, string rule)
    {
        using var response = await api.PostAsync(Completions, RunningApi.Question.Replace("]}", $"],{field}}}", StringComparison.Ordinal), traceId: _trace);

        var error = JsonElement.Parse(await AssertProblemAsync(response, Completions, 400, "request.invalid")).GetProperty("error");
        Assert.Equal(name, error.GetProperty("param").GetString());
        Assert.StartsWith($"The request breaks the rules of {name}. {rule}", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(error.GetProperty("message").GetString()!.IndexOf(rule, StringComparison.Ordinal), error.GetProperty("message").GetString()!.LastIndexOf(rule, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Completions_FieldOfAnotherWire_IsRefusedByTheNameThatWasSent()
    {
        using var response = await api.PostAsync(Completions, RunningApi.Question.Replace("]}", "],\"maxTokens\":5}", StringComparison.Ordinal), traceId: _trace);

        var error = JsonElement.Parse(await AssertProblemAsync(response, Completions, 400, "request.invalid")).GetProperty("error");
        Assert.Equal("maxTokens", error.GetProperty("param").GetString());
        Assert.Equal("The request breaks the rules of maxTokens. There is no such field.", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Stream_ThatIsNull_IsNone()
    {
        using var response = await api.PostAsync(Chat, RunningApi.Question.Replace("]}", "],\"stream\":null}", StringComparison.Ordinal), traceId: _trace);

        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData(Chat, false)]
    [InlineData(Completions, false)]
    [InlineData(Chat, true)]
    [InlineData(Completions, true)]
    public async Task Prompt_WithSensitiveData_IsA422ThatNamesTheKindAlone(string path, bool stream)
    {
        var body = JsonSerializer.Serialize(new { model = "mistral-small-latest", messages = new[] { new { role = "user", content = $"Pay with {s_card}." } }, stream });

        using var response = await api.PostAsync(path, body, traceId: _trace);

        var problem = await AssertProblemAsync(response, path, 422, "sensitive.data");
        Assert.DoesNotContain("1111", problem.Replace(_trace, "", StringComparison.Ordinal), StringComparison.Ordinal);
        await AssertAuditedAsync("chat.refused");
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Completions)]
    public async Task Caller_AboveItsLimit_IsA429ThatSaysWhen(string path)
    {
        HttpResponseMessage? response = null;
        // The two may fall into two minutes; the third is then refused.
        for (var sent = 0; sent < 3 && response?.StatusCode != System.Net.HttpStatusCode.TooManyRequests; sent++)
        {
            response?.Dispose();
            response = await api.PostAsync(path, RunningApi.Question, user: "hasty", traceId: _trace);
        }

        await AssertProblemAsync(response!, path, 429, "limit.requests");
        Assert.InRange(response!.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        await AssertAuditedAsync("limit.exceeded");
        response.Dispose();
    }

    /// <summary>Clients try a 429 again by themselves, which would be in vain for ever.</summary>
    [Theory]
    [InlineData(Chat, "maxTokens")]
    [InlineData(Completions, "max_tokens")]
    public async Task Request_LargerThanTheCallersLimit_IsA400(string path, string field)
    {
        using var response = await api.PostAsync(path, RunningApi.Question.Replace("]}", $"],\"{field}\":1000}}", StringComparison.Ordinal), user: "frugal", traceId: _trace);

        await AssertProblemAsync(response, path, 400, "limit.tokens");
        Assert.Null(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData(Chat, 400, "mistral.invalid_request")]
    [InlineData(Completions, 400, "mistral.invalid_request")]
    [InlineData(Chat, 502, "mistral.unreadable")]
    [InlineData(Completions, 502, "mistral.unreadable")]
    [InlineData(Chat, 503, "mistral.unavailable")]
    [InlineData(Completions, 503, "mistral.unavailable")]
    [InlineData(Chat, 504, "mistral.timed_out")]
    [InlineData(Completions, 504, "mistral.timed_out")]
    [InlineData(Chat, 502, "mistral.not_found")]
    [InlineData(Completions, 502, "mistral.not_found")]
    public async Task Mistral_ThatFails_IsAProblemWithoutAWordOfItsOwn(string path, int status, string code)
    {
        api.Mistral.Enqueue(code switch
        {
            "mistral.invalid_request" => StandInReply.Error(400, """{"object":"error","message":"canary from the inside","type":"canary"}"""),
            "mistral.unreadable" => StandInReply.Json("{ canary"),
            "mistral.unavailable" => StandInReply.Error(503, "canary"),
            "mistral.not_found" => StandInReply.Error(404, "canary"),
            _ => StandInReply.Answer("canary") with { Delay = TimeSpan.FromSeconds(30) },
        });

        using var response = await api.PostAsync(path, RunningApi.Question, traceId: _trace);

        var problem = await AssertProblemAsync(response, path, status, code);
        // OpenAI's clients try a 5xx again by themselves, be it in vain.
        Assert.Equal(code == "mistral.not_found", response.Headers.TryGetValues("x-should-retry", out _));
        Assert.DoesNotContain("canary", problem, StringComparison.Ordinal);
        // A setting's name is of the inside as well.
        Assert.DoesNotContain("Mistral:", problem, StringComparison.Ordinal);
        await AssertAuditedAsync("chat.failed");
        // Whoever reads the log alone learns of it, too; what the request itself is at fault for is the caller's to mend.
        var told = $"\"Code\":\"{code}\",\"TraceId\":\"{_trace}\"";
        if (status >= 500)
            await api.Process.WaitUntilAsync(() => api.Process.Output.Contains(told, StringComparison.Ordinal), CancellationToken);
    }

    /// <summary>
    /// The status has left already: the error is the stream's last event, and the body has no end, by which also those clients see that the answer is not
    /// whole that read no errors among the events. The log tells it in one line.
    /// </summary>
    [Theory]
    [InlineData(Chat, "event: error")]
    [InlineData(Completions, "\ndata: {\"error\":{")]
    public async Task Stream_ThatAGuardStops_EndsInAnErrorThatNamesTheKindAndTheTrace(string path, string mark)
    {
        var stream = string.Concat(new[] { "Take ", "the ", "number ", $"{s_card} ", "please." }.Select(Event)) + "data: [DONE]\n\n";
        api.Mistral.Enqueue(StandInReply.Stream(stream));

        using var response = await api.PostAsync(path, RunningApi.Question.Replace("""]}""", """],"stream":true}""", StringComparison.Ordinal), traceId: _trace);
        var answer = await RunningApi.ReadBrokenAsync(response);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Contains(mark, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("unhandled exception", api.Process.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("already started", api.Process.Output, StringComparison.Ordinal);
        Assert.Contains(_trace, answer, StringComparison.Ordinal);
        Assert.Equal(path == Chat, answer.Contains("\"title\":", StringComparison.Ordinal));
        Assert.DoesNotContain("1111", answer.Replace(_trace, "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", answer, StringComparison.Ordinal);

        static string Event(string text) => $"data: {JsonSerializer.Serialize(new
        {
            id = "1",
            @object = "chat.completion.chunk",
            created = 1,
            model = "mistral-small-latest",
            choices = new[] { new { index = 0, delta = new { role = "assistant", content = text }, finish_reason = (string?)null } },
        })}\n\n";
    }

    /// <summary>These clients show the message alone.</summary>
    [Theory]
    [InlineData("/v1/responses", "chat", 404, "chat completions")]
    [InlineData("/v1/chat/completions", "other", 403, "scope 'chat'")]
    public async Task Completions_ThatCannotBe_SayWhatToDo(string path, string scope, int status, string said)
    {
        using var response = await api.PostAsync(path, RunningApi.Question, scope: scope, traceId: _trace);

        var error = JsonElement.Parse(await response.Content.ReadAsStringAsync(CancellationToken)).GetProperty("error");
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(said, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        // Some clients take no error without these two.
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (error.GetProperty("param").ValueKind, error.GetProperty("code").ValueKind));
    }

    [Fact]
    public async Task Completions_UnknownFieldInAPartOfAMessage_IsToldByItsPath()
    {
        const string Path = "messages[0].content[1].cache_control";
        var body = RunningApi.Question.Replace("\"Hello\"", """[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{}}]""", StringComparison.Ordinal);

        using var response = await api.PostAsync(Completions, body, traceId: _trace);

        var error = JsonElement.Parse(await AssertProblemAsync(response, Completions, 400, "request.invalid")).GetProperty("error");
        Assert.Equal(Path, error.GetProperty("param").GetString());
        Assert.EndsWith($" The field is {Path}.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completions_FieldWithANameOfOneLetter_IsToldAllTheSame()
    {
        using var response = await api.PostAsync(Completions, RunningApi.Question.Replace("]}", "],\"n\":\"x\"}", StringComparison.Ordinal), traceId: _trace);

        var error = JsonElement.Parse(await AssertProblemAsync(response, Completions, 400, "request.invalid")).GetProperty("error");
        Assert.EndsWith(" The field is n.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_ThatIsNotThere_TellsNothingToAStrangerAndA404ToACaller()
    {
        using var stranger = await api.GetAsync("/admin");
        using var caller = await api.GetAsync("/admin", "ada");

        Assert.Equal(401, (int)stranger.StatusCode);
        Assert.Equal(404, (int)caller.StatusCode);
        Assert.Equal("application/problem+json", caller.Content.Headers.ContentType?.MediaType);
    }

    private async Task<string> AssertProblemAsync(HttpResponseMessage response, string path, int status, string? code)
    {
        var text = await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} {text}");
        var root = JsonElement.Parse(text);
        if (path == Chat)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.Equal(status, root.GetProperty("status").GetInt32());
            Assert.Equal(_trace, root.GetProperty("traceId").GetString());
            Assert.False(string.IsNullOrEmpty(root.GetProperty("title").GetString()));
            Assert.Matches(code is null ? "^https://" : $"^urn:problem:{code}$", root.GetProperty("type").GetString());
        }
        else
        {
            Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
            var error = root.GetProperty("error");
            Assert.Equal(_trace, error.GetProperty("trace_id").GetString());
            Assert.Equal(code, error.TryGetProperty("code", out var given) ? given.GetString() : null);
            Assert.Equal(error.GetProperty("message").GetString(), root.GetProperty("message").GetString());
        }

        foreach (var inside in (string[])["Exception", "   at ", "Acme.App", MistralStandIn.UsualKey[..8], api.Mistral.Endpoint.Authority, api.Folder])
            Assert.DoesNotContain(inside, $"{text} {response.Headers}", StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
        return text;
    }

    private async Task AssertAuditedAsync(string action)
    {
        var records = await api.AuditedAsync(record => record.TryGetProperty("requestId", out var id) && id.GetString() == _trace && record.GetProperty("action").GetString() == action);
        Assert.Single(records);
        Assert.Equal("203.0.113.9", records[0].GetProperty("ipAddress").GetString());
    }
}
