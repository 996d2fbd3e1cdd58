using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;

namespace MistralTemplates.Benchmarks.Mistral;

/// <summary>
/// One call and one streamed delta, beside the OpenAI client on the same bytes. Both run as their programs would have them, with
/// their retries, over a handler that answers from memory.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ChatClientBenchmarks
{
    private const int Deltas = 1000;

    private static readonly Microsoft.Extensions.AI.ChatMessage[] Messages = [new(ChatRole.User, "What is the best French cheese?")];

    private ServiceProvider _services = null!;
    private IChatClient _mistral = null!;
    private IChatClient _openAI = null!;
    private IChatClient _mistralStream = null!;
    private IChatClient _openAIStream = null!;

    [GlobalSetup]
    public void Setup()
    {
        var whole = Encoding.UTF8.GetBytes(
            """{"id":"cmpl-e5cc70bb28c444948073e77776eb30ef","object":"chat.completion","created":1702256327,"model":"mistral-small-latest","choices":[{"index":0,"message":{"role":"assistant","content":"There is no single best one; Comt\u00e9, Roquefort and Camembert are all loved.","tool_calls":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"total_tokens":34,"completion_tokens":22}}""");
        var events = new StringBuilder();
        for (var index = 0; index < Deltas; index++)
            events.Append("""data: {"id":"cmpl-e5cc70bb28c444948073e77776eb30ef","object":"chat.completion.chunk","created":1702256327,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":" cheese"},"finish_reason":null}]}""").Append("\n\n");
        events.Append("""data: {"id":"cmpl-e5cc70bb28c444948073e77776eb30ef","object":"chat.completion.chunk","created":1702256327,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"total_tokens":34,"completion_tokens":22}}""").Append("\n\ndata: [DONE]\n\n");
        var stream = Encoding.UTF8.GetBytes(events.ToString());
        (_mistral, _openAI) = (Mistral(whole, "application/json"), OpenAI(whole, "application/json"));
        (_mistralStream, _openAIStream) = (Mistral(stream, "text/event-stream"), OpenAI(stream, "text/event-stream"));
    }

    [BenchmarkCategory("Call"), Benchmark(Baseline = true)]
    public Task<ChatResponse> OpenAICall() => _openAI.GetResponseAsync(Messages);

    [BenchmarkCategory("Call"), Benchmark]
    public Task<ChatResponse> MistralCall() => _mistral.GetResponseAsync(Messages);

    [BenchmarkCategory("Delta"), Benchmark(Baseline = true, OperationsPerInvoke = Deltas)]
    public Task<int> OpenAIDelta() => ReadAsync(_openAIStream);

    [BenchmarkCategory("Delta"), Benchmark(OperationsPerInvoke = Deltas)]
    public Task<int> MistralDelta() => ReadAsync(_mistralStream);

    private static async Task<int> ReadAsync(IChatClient client)
    {
        var length = 0;
        await foreach (var update in client.GetStreamingResponseAsync(Messages))
            length += update.Contents.Count;
        return length;
    }

    private IChatClient Mistral(byte[] body, string mediaType)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.Configure<PolicyOptions>(policy => policy.AllowedModels = ["mistral-small-latest"]);
        builder.Services.AddSingleton<IApiKeys>(new OneKey());
        builder.AddMistral();
        builder.Services.AddHttpClient(MistralApi.ClientName).ConfigurePrimaryHttpMessageHandler(() => new MemoryHandler(body, mediaType));
        _services = builder.Services.BuildServiceProvider();
        return new MistralChatClient(_services.GetRequiredService<MistralApi>(), _services.GetRequiredService<IOptions<MistralOptions>>());
    }

    private static IChatClient OpenAI(byte[] body, string mediaType) => new ChatClient(
        "mistral-small-latest",
        new ApiKeyCredential(new string('k', 32)),
        new OpenAIClientOptions { Endpoint = new Uri("https://api.mistral.ai/v1"), Transport = new HttpClientPipelineTransport(new HttpClient(new MemoryHandler(body, mediaType))) })
        .AsIChatClient();

    private sealed class OneKey : IApiKeys
    {
        public ApiKey Current { get; } = new(new string('k', 32), "1");

        public ValueTask<ApiKey> RefreshAsync(ApiKey rejected, CancellationToken cancellationToken) => ValueTask.FromResult(rejected);
    }

    private sealed class MemoryHandler(byte[] body, string mediaType) : HttpMessageHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => Answer(request);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Answer(request));

        private HttpResponseMessage Answer(HttpRequestMessage request) => new(HttpStatusCode.OK)
        {
            RequestMessage = request,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } },
        };
    }
}
