using System.Text;
using Acme.App.Keys;
using Acme.App.Mistral;
using CsCheck;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Mistral;

/// <summary>
/// Whatever bytes come back, the client gives an answer or a typed failure. Runs 20,000 cases; <c>MISTRAL_TEMPLATES_FUZZ</c> sets
/// another number.
/// </summary>
public sealed class FuzzTests
{
    private const int UsualCases = 20_000;

    private static readonly string[] Names =
    [
        "id", "created", "model", "choices", "usage", "index", "message", "delta", "finish_reason", "role", "content", "tool_calls", "function", "name",
        "arguments", "type", "text", "thinking", "signature", "image_url", "prompt_tokens", "total_tokens", "num_cached_tokens", "error", "code", "guardrails", "",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e400", "1750000000", "99999999999999999999", "0.5", "\"\"", "\"stop\"", "\"tool_calls\"", "\"error\"", "\"text\"", "\"thinking\"",
        "\"{\\\"a\\\":1}\"", "\"{\"", "\"\\ud800\"", "\"\\u0000\"", "\"null\"", "\"abcdefgh1\"", "\"😀\"", "\"NaN\"", "\"12\"", "{}", "[]", "[null]", "{\"\":null}", "nul", "\"", "[", "}",
    ];

    private static readonly string[] Frames = ["\n\n", "\r\n\r\n", "\r\r", "\n", "data: ", "data:", "data: [DONE]\n\n", "event: error\n", ": x\n", "id: 1\n", "retry: 9\n", "\uFEFF", "\0", "data: \ndata: "];

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, inner) => depth > 6
        ? Any(Values)
        : Gen.Frequency(
            (2, Any(Values)),
            (3, Gen.Select(Any(Names), inner, (name, value) => $"\"{name}\":{value}").Array[0, 4].Select(fields => $"{{{string.Join(',', fields)}}}")),
            (1, inner.Array[0, 3].Select(items => $"[{string.Join(',', items)}]"))));

    private static readonly Gen<string> Content = Gen.Frequency(
        (3, Any("\"Hi\"", "null", """[{"type":"text","text":"a"},{"type":"new","x":{}}]""", """[{"type":"thinking","thinking":[{"type":"text","text":"b"}],"signature":"s"}]""")), (1, Json));

    private static readonly Gen<string> Calls = Gen.Frequency(
        (3, Any("", """{"id":"abcdefgh1","function":{"name":"f","arguments":"{}"},"index":0}""", """{"id":"null","function":{"arguments":"{\"a\""},"index":1}""", """{"function":{"name":"g","arguments":{"a":[1]}}}""")), (1, Json));

    private static readonly Gen<string> Finish = Gen.Frequency((6, Any("null", "\"stop\"", "\"tool_calls\"", "\"new\"")), (1, Json));

    /// <summary>An answer that is nearly right: the faults sit deep, where the reading happens.</summary>
    private static readonly Gen<string> Answer = Gen.Select(Content, Calls, Finish, Any("delta", "message"), (content, calls, finish, part) =>
        $$$"""{"id":"1","choices":[{"{{{part}}}":{"content":{{{content}}},"tool_calls":[{{{calls}}}]},"finish_reason":{{{finish}}}}],"usage":{"total_tokens":1}}""");

    private static readonly Gen<string> Events = Gen.Frequency((20, Answer.Select(answer => $"data: {answer}\n\n")), (1, Json.Select(json => $"data: {json}\n\n")), (3, Any(Frames)), (1, Gen.String[0, 20]));

    private static readonly Gen<string> Text = Gen.Frequency((3, Answer), (3, Events.Array[1, 5].Select(events => string.Concat(events))), (1, Json), (1, Gen.String[0, 40]));

    private static readonly Gen<byte[]> Body = Gen.Select(Text, Gen.Select(Gen.Int[0, 4000], Gen.Byte).Array[1, 3], Gen.Int[0, 2], (text, changes, change) =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var (position, value) in change == 0 && bytes.Length > 0 ? changes : [])
            bytes[position % bytes.Length] = value;
        return bytes;
    });

    [Fact]
    public async Task Answer_OfAnyBytes_IsReadOrRefusedWithATypedFailure()
    {
        var cases = int.TryParse(Environment.GetEnvironmentVariable("MISTRAL_TEMPLATES_FUZZ"), out var number) ? number : UsualCases;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2) + TimeSpan.FromMilliseconds(cases));
        var (read, refused) = (0, 0);

        await Gen.Select(Body, Gen.Int[1, 60], Gen.Bool, Any("text/event-stream", "application/json")).SampleAsync(
            async (body, bytesPerRead, stream, mediaType) =>
            {
                using var client = Client(body, bytesPerRead, mediaType);
                try
                {
                    if (stream)
                        await client.GetStreamingResponseAsync("Hi", cancellationToken: limit.Token).ToChatResponseAsync(limit.Token);
                    else
                        await client.GetResponseAsync("Hi", cancellationToken: limit.Token);
                    Interlocked.Increment(ref read);
                }
                catch (MistralException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: cases);

        Assert.True(read > cases / 100, $"Only {read} of {cases} cases were read; the generator should reach further.");
        Assert.True(refused > cases / 100, $"Only {refused} of {cases} cases were refused; the generator should break more.");
    }

    [Theory]
    [InlineData("text/event-stream", true)]
    [InlineData("application/json", false)]
    public async Task Error_WhoseCodeIsNotUtf8_IsATypedFailure(string mediaType, bool stream)
    {
        byte[] body = [.. stream ? "data: "u8 : [], .. "{\"object\":\"error\",\"code\":\"1"u8, 0xB7, .. "\"}\n\n"u8];
        using var client = Client(body, bytesPerRead: 12, mediaType);

        await Assert.ThrowsAsync<MistralException>(async () => _ = stream
            ? await client.GetStreamingResponseAsync("Hi", cancellationToken: TestContext.Current.CancellationToken).ToChatResponseAsync(TestContext.Current.CancellationToken)
            : await client.GetResponseAsync("Hi", cancellationToken: TestContext.Current.CancellationToken));
    }

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static MistralChatClient Client(byte[] body, int bytesPerRead, string mediaType)
    {
        var options = Options.Create(new MistralOptions { MaxResponseBytes = 4096 });
        var handlers = new OneHandler(new BytesHandler(body, bytesPerRead, mediaType));
        return new MistralChatClient(new MistralApi(handlers, new FakeApiKeys("key"), options, TimeProvider.System), options);
    }

    private sealed class OneHandler(HttpMessageHandler handler) : IHttpMessageHandlerFactory
    {
        public HttpMessageHandler CreateHandler(string name) => handler;
    }
}
