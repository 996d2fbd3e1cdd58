using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Acme.App.Tests.StandIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Keys;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>
/// A canary key and a canary prompt go through every outcome, and every channel by which something leaves the program is
/// searched for them. What is found is told by its place alone, so that the test's own output leaks nothing either.
/// </summary>
public sealed class LeakMatrixTests : IDisposable
{
    private const string ChatPath = "/v1/chat/completions";

    private static readonly string s_key = Some.KeyValue(301);
    private static readonly string s_sinkKey = Some.KeyValue(306);
    private static readonly string s_prompt = "quokka & wombat " + Some.KeyValue(302)[..12];

    private readonly string _folder = Directory.CreateTempSubdirectory("leaks-").FullName;
    private readonly LeakSearch _search = new(s_key, s_prompt);

    /// <summary>What Mistral does to the request, quoting both canaries wherever it can.</summary>
    private static readonly Dictionary<string, StandInReply[]> s_outcomes = new()
    {
        ["success"] = [StandInReply.Answer("Fine.")],
        ["400"] = [Quoting(400)],
        ["401"] = [Quoting(401)],
        ["403"] = [Quoting(403)],
        ["422"] = [Quoting(422)],
        ["429"] = [Quoting(429), Quoting(429)],
        ["500"] = [Quoting(500), Quoting(500)],
        ["time-out"] = [StandInReply.Answer("Late.") with { Delay = TimeSpan.FromSeconds(20) }],
        ["malformed"] = [StandInReply.Json($$"""{ "id": "{{s_key}}", "choices": "{{s_prompt}}" }""")],
        ["broken off"] = [StandInReply.Json($$"""{ "id": "{{s_key}}", """) with { End = ReplyEnd.Cut }],
    };

    [Fact]
    public async Task RunningApi_EveryOutcome_LeaksIntoNoChannel()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that asks a program to end.");
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var mistral = await MistralStandIn.StartAsync([s_key], cancellationToken);
        await using var elsewhere = await MistralStandIn.StartAsync([s_key], cancellationToken);
        await using var collector = await MistralStandIn.StartAsync([], cancellationToken);
        var settings = SettingsFor(_folder, s_key, mistral.Endpoint, collector.Endpoint);
        settings["OTEL_EXPORTER_OTLP_HEADERS"] = $"api-key={s_sinkKey}";
        settings["Audit__CheckpointRecords"] = "5";
        await using var api = ApiProcess.Start(_folder, settings);
        await api.WaitUntilItAnswersAsync(cancellationToken);

        var outcomes = new Dictionary<string, StandInReply[]>(s_outcomes)
        {
            ["redirect"] = [StandInReply.Error(307, "", ("Location", new Uri(elsewhere.Endpoint, ChatPath).ToString()))],
            ["cancelled"] = [StandInReply.Answer("Late.") with { Delay = TimeSpan.FromSeconds(20) }],
            ["refused"] = [],
            ["nobody"] = [],
        };
        foreach (var (outcome, replies) in outcomes)
            foreach (var stream in new[] { false, true })
            {
                mistral.Enqueue(replies);
                await AskAsync(api, outcome, stream, cancellationToken);
            }

        Search("a redirect's target", elsewhere.Requests.Select(request => request.ToString()));
        foreach (var path in new[] { "/health/live", "/health/ready", "/openapi/v1.json", "/metrics", "/" })
        {
            using var answer = await api.Client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            Search(path, [$"{answer.Headers}{answer.Content.Headers}", await answer.Content.ReadAsStringAsync(cancellationToken)]);
        }

        if (OperatingSystem.IsLinux())
        {
            Search("the command line", File.ReadAllText($"/proc/{api.Id}/cmdline"));
            Assert.Equal("", string.Concat(Directory.GetDirectories($"/proc/{api.Id}/task").Select(task => File.ReadAllText(Path.Combine(task, "children")))));
        }

        Assert.Equal(0, await api.StopAsync(cancellationToken));
        Search("the logs", api.Output);
        Search("the telemetry", collector.Requests.Select(request => request.Body));
        Search("the audit's files", Directory.GetFiles(_folder).Select(File.ReadAllText));

        Assert.Empty(_search.Found);
        Assert.DoesNotContain(s_sinkKey, api.Output, StringComparison.OrdinalIgnoreCase);
        Assert.True(collector.Requests.Any(request => request.Body.Contains("Audit checkpoint", StringComparison.Ordinal)), "No checkpoint came to the collector.");

        // The matrix is only as good as its outcomes and channels: all of them came about.
        var audit = File.ReadAllText(Path.Combine(_folder, "audit.jsonl"));
        string[] codes = ["authentication", "permission", "invalid_request", "rate_limited", "unavailable", "timed_out", "unreadable", "broken_stream"];
        Assert.All([.. codes.Select(code => "mistral." + code), "cancelled", "sensitive.data", "token.missing"], code => Assert.Contains($"\"errorCode\":\"{code}\"", audit, StringComparison.Ordinal));
        Assert.True(_search.Searched > 30 && api.Output.Length > 100_000, $"{_search.Searched} searched, {api.Output.Length} characters logged.");
    }

    [Fact]
    public async Task Road_EveryOutcome_LeaksIntoNoExceptionTraceMetricOrOption()
    {
        await SearchRoadAsync(plant: null);

        Assert.Empty(_search.Found);
    }

    [Theory]
    [InlineData("log", "verbose logs: key", "verbose logs: prompt")]
    [InlineData("trace", "traces and metrics of 401: key", "traces and metrics of 401: prompt")]
    [InlineData("metric", "traces and metrics of 401: key")]
    [InlineData("exception", "the exception of 401: prompt")]
    [InlineData("options", "AuditOptions as JSON: key", "AuditOptions in a debugger: key")]
    public async Task Road_PlantedLeak_IsFoundWhereItWasPlanted(string plant, params string[] expected)
    {
        await SearchRoadAsync(plant);

        Assert.All(expected, place => Assert.Contains(place, _search.Found));
        Assert.All(Leaks.Shapes(s_key).Append(s_prompt), canary => Assert.DoesNotContain(canary, string.Concat(_search.Found), StringComparison.OrdinalIgnoreCase));
    }

    public static TheoryData<string> Shapes => [.. Enumerable.Range(0, 4).Select(index => $"key {index}"), .. Enumerable.Range(0, 4).Select(index => $"prompt {index}")];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Search_CanaryInAnyShape_IsFound(string shape)
    {
        var index = shape[^1] - '0';
        string[] prompts = [s_prompt, s_prompt.ToUpperInvariant(), Uri.EscapeDataString(s_prompt), Convert.ToBase64String(Encoding.UTF8.GetBytes(s_prompt))];

        Search("here", "before " + (shape.StartsWith("key", StringComparison.Ordinal) ? Leaks.Shapes(s_key).ElementAt(index) : prompts[index]) + " after");

        Assert.Equal([$"here: {shape[..^2]}"], _search.Found);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task SearchRoadAsync(string? plant)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var said = new ConcurrentQueue<string>();
        using var traces = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => said.Enqueue($"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Baggage)} {string.Join(' ', activity.Events.Select(one => $"{one.Name} {string.Join(' ', one.Tags)}"))}"),
        };
        ActivitySource.AddActivityListener(traces);
        using var metrics = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        metrics.SetMeasurementEventCallback<long>((instrument, value, tags, _) => said.Enqueue($"{instrument.Name} {value} {string.Join(' ', tags.ToArray())}"));
        metrics.SetMeasurementEventCallback<int>((instrument, value, tags, _) => said.Enqueue($"{instrument.Name} {value} {string.Join(' ', tags.ToArray())}"));
        metrics.SetMeasurementEventCallback<double>((instrument, value, tags, _) => said.Enqueue($"{instrument.Name} {value} {string.Join(' ', tags.ToArray())}"));
        metrics.Start();
        await using var mistral = await MistralStandIn.StartAsync([s_key], cancellationToken);
        using var host = BuildRoad(mistral.Endpoint, plant);
        var road = host.Services.GetRequiredService<IChatClient>();

        foreach (var (outcome, replies) in s_outcomes)
        {
            mistral.Enqueue(replies);
            var failure = await Record.ExceptionAsync(() => road.GetResponseAsync(s_prompt, cancellationToken: cancellationToken));
            Assert.Equal(outcome == "success", failure is null);
            Search($"the exception of {outcome}", $"{failure} {failure?.Message} {failure?.InnerException} {(failure is null ? "" : string.Join(' ', failure.Data.Values.Cast<object>()))}");
            Search($"traces and metrics of {outcome}", said);
        }

        var logs = host.Services.GetFakeLogCollector().GetSnapshot();
        Search("verbose logs", logs.Select(log => $"{log.Message} {string.Join(' ', log.StructuredState ?? [])} {log.Exception} {string.Join(' ', log.Scopes)}"));
        foreach (var thing in Printable(host.Services))
        {
            Search($"{thing.GetType().Name} as text", $"{thing}");
            Search($"{thing.GetType().Name} as JSON", JsonSerializer.Serialize(thing, thing.GetType()));
            Search($"{thing.GetType().Name} in a debugger", DebuggerText(thing));
        }

        Assert.Contains(said, text => text.StartsWith("http.client.request.duration", StringComparison.Ordinal));
    }

    private static StandInReply Quoting(int status) => StandInReply.Error(
        status, $$"""{ "object": "error", "message": "Bearer {{s_key}} said {{s_prompt}}", "type": "{{s_prompt}}", "code": "{{s_key}}", "detail": [ { "input": "{{s_prompt}}", "msg": "{{s_key}}" } ] }""",
        ("Retry-After", "0"), ("mistral-correlation-id", Uri.EscapeDataString($"{s_key} {s_prompt}")));

    internal static Dictionary<string, string> SettingsFor(string folder, string key, Uri mistral, Uri collector) => new(ApiProcess.Settings(folder))
    {
        ["Mistral__Offline"] = "false",
        ["Mistral__Endpoint"] = mistral.ToString(),
        ["Mistral__Resilience__BaseDelay"] = "00:00:00.001",
        ["Mistral__Resilience__MaxRetries"] = "1",
        ["Mistral__Resilience__AttemptTimeout"] = "00:00:01",
        ["Mistral__Resilience__BreakerFailureRatio"] = "1",
        ["MISTRAL_API_KEY_DEV"] = key,
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["Logging__LogLevel__Default"] = "Trace",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
        ["Logging__LogLevel__System.Net.Http"] = "Trace",
        ["Logging__LogLevel__Polly"] = "Trace",
    };

    private async Task AskAsync(ApiProcess api, string outcome, bool stream, CancellationToken cancellationToken)
    {
        var prompt = outcome == "refused" ? $"{s_prompt} {"4111"} 1111 1111 1111" : s_prompt;
        using var request = ApiProcess.Chat(prompt, stream, Guid.NewGuid().ToString("N"));
        if (outcome == "nobody")
            request.Headers.Authorization = null;
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (outcome == "cancelled")
            leave.CancelAfter(300);
        try
        {
            using var response = await api.Client.SendAsync(request, leave.Token);
            var answer = $"{(int)response.StatusCode} {response.Headers} {await response.Content.ReadAsStringAsync(leave.Token)}";
            Search($"the answer of {outcome}", answer);
            Assert.True(outcome == "success" == (response.IsSuccessStatusCode && !answer.Contains("event: error", StringComparison.Ordinal)), $"{outcome} became {(int)response.StatusCode}.");
        }
        catch (OperationCanceledException) when (outcome == "cancelled")
        {
            Search("the answer that nobody waited for");
        }
    }

    private IHost BuildRoad(Uri mistral, string? plant)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder, EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["MISTRAL_API_KEY_DEV"] = s_key,
            ["Mistral:Endpoint"] = mistral.ToString(),
            ["Mistral:Resilience:BaseDelay"] = "00:00:00.001",
            ["Mistral:Resilience:MaxRetries"] = "1",
            ["Mistral:Resilience:AttemptTimeout"] = "00:00:01",
            ["Mistral:Resilience:BreakerFailureRatio"] = "1",
            ["Policy:AllowedModels:0"] = "mistral-small-latest",
            ["Policy:MaxTokensPerRequest"] = "1000",
        });
        builder.Services.AddOptions<PolicyOptions>().BindConfiguration(PolicyOptions.SectionName);
        builder.Services.AddFakeLogging();
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();
        builder.Services.AddSingleton<ICallerAccessor>(new AuditRoom.FixedCaller(new(null, null, null)));
        if (plant == "options")
            builder.Services.PostConfigure<AuditOptions>(options => options.CheckpointPath = s_key);
        else if (plant is not null)
            builder.Services.AddHttpClient(MistralApi.ClientName).AddHttpMessageHandler(services => new LeakingHandler(plant, s_key, s_prompt, services.GetRequiredService<ILogger<LeakingHandler>>()));
        var host = builder.Build();
        Assert.Empty(host.Services.GetRequiredService<KeyRing>().LoadAsync(TimeSpan.FromSeconds(10), CancellationToken.None).GetAwaiter().GetResult());
        return host;
    }

    private static IEnumerable<object> Printable(IServiceProvider services)
    {
        var options = typeof(AuditOptions).Assembly.GetTypes().Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type is { IsAbstract: false, IsGenericType: false }).ToList();
        Assert.NotEmpty(options);
        foreach (var type in options)
            if (services.GetService(typeof(IOptions<>).MakeGenericType(type)) is { } found)
                yield return found.GetType().GetProperty("Value")!.GetValue(found)!;
        yield return services.GetRequiredService<KeyRing>().Current;
        yield return services.GetRequiredService<KeyRing>().Health;
        yield return services.GetRequiredService<AuditLog>().CheckStatus();
    }

    /// <summary>What a debugger shows of a thing at first sight: its display, and its members that are not hidden.</summary>
    private static string DebuggerText(object thing)
    {
        var text = new StringBuilder(thing.GetType().GetCustomAttribute<DebuggerDisplayAttribute>()?.Value);
        foreach (var member in thing.GetType().GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            if (member.GetCustomAttribute<DebuggerBrowsableAttribute>() is null)
                text.Append(' ').Append(member is FieldInfo field ? field.GetValue(thing) : member is PropertyInfo { CanRead: true } property && property.GetIndexParameters().Length == 0 ? property.GetValue(thing) : null);
        return text.ToString();
    }

    private void Search(string place, params IEnumerable<string> texts) => _search.Search(place, texts);
}
