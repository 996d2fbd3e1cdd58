using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Acme.App.Chat;
using Acme.App.Guards;
using Acme.App.Tests.StandIn;
using Microsoft.AspNetCore.Http;
using MistralTemplates.Benchmarks.Auditing;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>What nobody sends by accident: each is a 4xx or a closed connection, the memory stays bounded, and others are served meanwhile.</summary>
public sealed class HostileRequestTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const long MostMoreMemory = 250L * 1024 * 1024;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Bodies => [.. Paths.SelectMany(path => s_bodies.Keys.Select(name => (path, name)))];

    private static string[] Paths => ["/api/chat", "/v1/chat/completions"];

    private static readonly Dictionary<string, byte[]> s_bodies = new()
    {
        ["nothing"] = [],
        ["not JSON"] = "{ not json"u8.ToArray(),
        ["null"] = "null"u8.ToArray(),
        ["an array"] = "[]"u8.ToArray(),
        ["a number beyond all"] = """{"messages":[],"temperature":1e999}"""u8.ToArray(),
        ["a million digits"] = [.. """{"messages":[],"temperature":"""u8, .. Enumerable.Repeat((byte)'9', 1_000_000), (byte)'}'],
        ["a name twice"] = """{"model":"mistral-small-latest","model":"mistral-small-latest","messages":[]}"""u8.ToArray(),
        ["deep nesting"] = [.. """{"messages":"""u8, .. Enumerable.Repeat((byte)'[', 1_000_000)],
        ["deep nesting in a free field"] = [.. """{"stop":"""u8, .. Enumerable.Repeat((byte)'[', 1_000_000)],
        ["invalid UTF-8"] = [.. """{"model":"mistral-small-latest","messages":[{"role":"user","content":" """u8, 0xff, 0xfe, 0xc0, 0x80, .. "\"}]}"u8],
        ["half a character"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"\ud800"}]}"""u8.ToArray(),
        ["half a character in a stop"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"stop":"\ud800"}"""u8.ToArray(),
        ["half a character in the stops"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"stop":["x","\ud800"]}"""u8.ToArray(),
        ["half a character in a choice"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"tool_choice":"\ud800"}"""u8.ToArray(),
        ["half a character in a tool"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"\ud800"}}}]}"""u8.ToArray(),
        ["half a character in a name"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"metadata":{"a":{"\ud800":1}}}"""u8.ToArray(),
        ["half a character in a prediction"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"prediction":{"type":"content","content":"\ud800"}}"""u8.ToArray(),
        ["half a character in a cache key"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"prompt_cache_key":"\ud800"}"""u8.ToArray(),
        ["half a character in arguments"] = """{"model":"mistral-small-latest","messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}}]}]}"""u8.ToArray(),
        ["half a character in an address"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"\ud800"}}]}]}"""u8.ToArray(),
        ["an address twice"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/b","url":"https://a.example/c"}}]}]}"""u8.ToArray(),
        ["a parameter twice"] = """{"model":"mistral-small-latest","messages":[{"role":"user","content":"x"}],"metadata":{"a":1,"a":2}}"""u8.ToArray(),
        ["a million messages"] = [.. """{"model":"mistral-small-latest","messages":["""u8, .. Enumerable.Repeat("{},"u8.ToArray(), 1_000_000).SelectMany(item => item), .. "{}]}"u8],
        ["a million fields"] = [.. "{"u8, .. Enumerable.Range(0, 300_000).SelectMany(index => Encoding.ASCII.GetBytes($"\"f{index}\":1,")), .. "\"g\":1}"u8],
    };

    /// <summary>Two letters of JSON may become a hundred bytes: a caller within its limits would take all memory.</summary>
    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("\"\"")]
    public async Task Body_OfManyValues_TakesLittleMoreMemoryThanItsOwn(string value)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', Enumerable.Repeat(value, 1_000_000))}}]}""");
        var context = new DefaultHttpContext { Request = { ContentType = "application/json", Body = new MemoryStream(body) } };
        var before = GC.GetAllocatedBytesForCurrentThread();

        var refused = await Assert.ThrowsAsync<ChatRefusedException>(() => context.Request.ReadAsync(CompletionJsonContext.Default.CompletionRequest, TestContext.Current.CancellationToken));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 5L * body.Length);
        Assert.Equal(["The body has more than 50000 values. Send fewer."], refused.Errors!["$"]);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_ThatIsHostile_IsA400ThatAsksNobody(string path, string name)
    {
        using var connection = await Connection.OpenAsync(api);
        await connection.SendAsync(Head(path, s_bodies[name].Length));
        await connection.SendAsync(s_bodies[name]);

        var answer = await connection.ReadHeadAsync(TimeSpan.FromSeconds(60));

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(api.Mistral.Requests, request => request.Body.Length > 1000);
        await AssertOthersAreServedAsync();
    }

    [Fact]
    public async Task Headers_ByTheThousand_AreA431()
    {
        using var connection = await Connection.OpenAsync(api);
        await connection.SendAsync(Encoding.ASCII.GetBytes("GET /health/live HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(0, 5000).Select(index => $"X-{index}: {index}\r\n")) + "\r\n"));

        var answer = await connection.ReadHeadAsync(TimeSpan.FromSeconds(10));

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_ThatHardlyComes_IsA408OrAClosedConnection()
    {
        using var connection = await Connection.OpenAsync(api);
        await connection.SendAsync(Head("/api/chat", 100_000));
        var drip = DripAsync();

        var answer = await connection.ReadHeadAsync(TimeSpan.FromSeconds(20));

        Assert.True(answer is "" || answer.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), answer);
        await drip;
        await AssertOthersAreServedAsync();

        async Task DripAsync()
        {
            for (var sent = 0; sent < 40 && await connection.TrySendAsync(" "u8.ToArray()); sent++)
                await Task.Delay(250, CancellationToken);
        }
    }

    [Fact]
    public async Task Connections_HalfOpen_AreClosedAndOthersAreServedMeanwhile()
    {
        var connections = new List<Connection>();
        try
        {
            for (var opened = 0; opened < 300; opened++)
            {
                connections.Add(await Connection.OpenAsync(api));
                await connections[^1].SendAsync("POST /api/chat HTTP/1.1\r\nHost: a\r\nX-Half"u8.ToArray());
            }

            await AssertOthersAreServedAsync();
            foreach (var connection in connections)
                Assert.True(await connection.ReadHeadAsync(TimeSpan.FromSeconds(20)) is "" or ['H', 'T', 'T', 'P', '/', '1', '.', '1', ' ', '4', ..]);
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    /// <summary>Ninety megabytes wait for a caller that takes none of them: the call to Mistral ends, and nothing is hoarded.</summary>
    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/v1/chat/completions")]
    public async Task Stream_ThatItsCallerDoesNotRead_EndsAtMistralAndIsAudited(string path)
    {
        var piece = Encoding.UTF8.GetBytes($$"""data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"role":"assistant","content":"{{new string('a', 60_000)}} "},"finish_reason":null}]}""" + "\n\n");
        api.Mistral.Enqueue(StandInReply.StreamOf(Enumerable.Repeat(piece, 1500)) with { End = ReplyEnd.Hang });
        var asked = api.Mistral.Requests.Count;
        var before = MemoryOf(api);
        using var connection = await Connection.OpenAsync(api, receiveBuffer: 4096);
        var body = Encoding.UTF8.GetBytes(RunningApi.Question.Replace("]}", "],\"stream\":true}", StringComparison.Ordinal));
        await connection.SendAsync(Head(path, body.Length, "idle" + path.Length));
        await connection.SendAsync(body);

        await api.Process.WaitUntilAsync(() => api.Mistral.Requests.Count > asked, CancellationToken);
        await AssertOthersAreServedAsync();
        var left = await api.Mistral.Requests[asked].Closed.WaitAsync(TimeSpan.FromSeconds(60), CancellationToken);

        Assert.Equal(ReplyOutcome.ClientLeft, left);
        Assert.InRange(MemoryOf(api) - before, long.MinValue, MostMoreMemory);
        var records = await api.AuditedAsync(record => record.TryGetProperty("userId", out var user) && user.GetString() == "idle" + path.Length);
        Assert.Equal("chat.cancelled", Assert.Single(records).GetProperty("action").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_LongerThanAllowed_IsA504OrItsLastEventAndAudited(bool stream)
    {
        await using var slow = new RunningApi();
        await slow.StartAsync("Production", new Dictionary<string, string> { ["Access__RequestTimeout"] = "00:00:04" });
        // What a first request compiles is not to count against the limit.
        (await slow.PostAsync("/api/chat", RunningApi.Question)).Dispose();
        const string piece = """data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"role":"assistant","content":"word "},"finish_reason":null}]}""";
        slow.Mistral.Enqueue(stream
            ? StandInReply.StreamOf(Enumerable.Repeat(Encoding.UTF8.GetBytes(piece + "\n\n"), 1000)) with { Pause = TimeSpan.FromMilliseconds(50) }
            : StandInReply.Answer("late") with { Delay = TimeSpan.FromSeconds(50) });
        var began = Stopwatch.GetTimestamp();

        using var response = await slow.PostAsync("/api/chat", stream ? RunningApi.Question.Replace("]}", "],\"stream\":true}", StringComparison.Ordinal) : RunningApi.Question);

        var text = stream ? await RunningApi.ReadBrokenAsync(response) : await response.Content.ReadAsStringAsync(CancellationToken);
        Assert.Equal(stream ? "200 text/event-stream" : "504 application/problem+json", $"{(int)response.StatusCode} {response.Content.Headers.ContentType?.MediaType}");
        Assert.Contains("urn:problem:request.timed_out", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("unhandled exception", slow.Process.Output, StringComparison.OrdinalIgnoreCase);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 3.5, 40);
        Assert.Equal(ReplyOutcome.ClientLeft, await slow.Mistral.Requests[^1].Closed.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken));
        var record = Assert.Single(await slow.AuditedAsync(record => record.GetProperty("action").GetString() is "chat.failed" or "chat.cancelled"));
        Assert.Equal("chat.failed timed_out", $"{record.GetProperty("action")} {record.GetProperty("errorCode")}");
    }

    [Fact]
    public async Task Connections_MoreThanAllowed_AreClosedAtOnce()
    {
        await using var small = new RunningApi();
        await small.StartAsync("Production", new Dictionary<string, string> { ["Access__Connections__MaxConcurrent"] = "3" });
        small.Client.Dispose();
        var connections = new List<Connection>();
        for (var opened = 0; opened < 8; opened++)
        {
            connections.Add(await Connection.OpenAsync(small));
            await connections[^1].TrySendAsync("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        }

        var answers = new List<string>();
        foreach (var connection in connections)
            answers.Add(await connection.ReadHeadAsync(TimeSpan.FromSeconds(10)));
        connections.ForEach(connection => connection.Dispose());

        Assert.InRange(answers.Count(answer => answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)), 1, 3);
        Assert.InRange(answers.Count(answer => answer is ""), 5, 7);
    }

    /// <summary>Whoever opens connections and says nothing holds its share of them, and no other's.</summary>
    [Theory]
    [InlineData("192.0.2.1", 2)]
    [InlineData("127.0.0.0/8", 5)]
    public async Task Connections_OfOneAddress_AreItsShareAtMost(string proxy, int expected)
    {
        await using var shared = new RunningApi();
        await shared.StartAsync("Production", new Dictionary<string, string> { ["Access__Connections__MaxByAddress"] = "2", ["Access__KnownProxies__0"] = proxy });
        shared.Client.Dispose();

        // It takes the server a moment to notice that those before are gone.
        await shared.Process.WaitUntilAsync(() => OpenAsync(shared, 5).GetAwaiter().GetResult() == expected, CancellationToken);
        await shared.Process.WaitUntilAsync(() => OpenAsync(shared, 1).GetAwaiter().GetResult() == 1, CancellationToken);

        static async Task<int> OpenAsync(RunningApi api, int number)
        {
            var connections = new List<Connection>();
            for (var opened = 0; opened < number; opened++)
            {
                connections.Add(await Connection.OpenAsync(api));
                await connections[^1].TrySendAsync("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            }

            var answers = new List<string>();
            foreach (var connection in connections)
                answers.Add(await connection.ReadHeadAsync(TimeSpan.FromSeconds(10)));
            connections.ForEach(connection => connection.Dispose());
            return answers.Count(answer => answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
        }
    }

    private async Task AssertOthersAreServedAsync()
    {
        using var response = await api.PostAsync("/api/chat", RunningApi.Question, user: $"other {Guid.NewGuid():N}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static byte[] Head(string path, int length, string? user = null) => Encoding.ASCII.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nAuthorization: Bearer {ApiProcess.Token(user ?? Guid.NewGuid().ToString("N"))}\r\n\r\n");

    private static long MemoryOf(RunningApi api)
    {
        using var process = Process.GetProcessById(api.Process.Id);
        return process.WorkingSet64;
    }

    /// <summary>A connection without an HTTP client's manners.</summary>
    private sealed class Connection(Socket socket) : IDisposable
    {
        public static async Task<Connection> OpenAsync(RunningApi api, int? receiveBuffer = null)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (receiveBuffer is { } size)
                socket.ReceiveBufferSize = size;
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, api.Process.Port, CancellationToken);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
            {
                // Closed before it was known to be open; what is sent and read finds the same.
            }

            return new Connection(socket);
        }

        public async Task SendAsync(byte[] bytes) => await TrySendAsync(bytes);

        /// <summary>The other side may have seen enough, and close while it is told more.</summary>
        public async Task<bool> TrySendAsync(byte[] bytes)
        {
            try
            {
                for (var sent = 0; sent < bytes.Length;)
                    sent += await socket.SendAsync(bytes.AsMemory(sent), CancellationToken);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        /// <returns>What was answered up to the end of the headers; empty when the connection was closed without a word.</returns>
        public async Task<string> ReadHeadAsync(TimeSpan patience)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
            limit.CancelAfter(patience);
            var (read, buffer) = (new StringBuilder(), new byte[4096]);
            try
            {
                while (!read.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var count)
                    read.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }
            catch (SocketException)
            {
                // Closed hard, which is an answer as well.
            }

            return read.ToString();
        }

        public void Dispose() => socket.Dispose();
    }
}
