using System.Diagnostics;
using Acme.App.Tests.StandIn;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>SIGTERM while streams run, as an orchestrator sends it.</summary>
public sealed class ShutdownTests
{
    private const string Piece = """data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"mistral-small-latest","choices":[{"index":0,"delta":{"role":"assistant","content":"word "},"finish_reason":null}]}""";

    private static readonly string s_streamed = RunningApi.Question.Replace("]}", "],\"stream\":true}", StringComparison.Ordinal);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/v1/chat/completions")]
    public async Task Stop_WhileAStreamRuns_LetsItEndAndTakesNoNewOne(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that asks a program to end.");
        await using var api = await StartAsync("00:00:10", pieces: 30);
        using var response = await api.PostAsync(path, s_streamed);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(CancellationToken));
        Assert.StartsWith("data:", await reader.ReadLineAsync(CancellationToken), StringComparison.Ordinal);

        var stopped = api.Process.StopAsync(CancellationToken);
        await Task.Delay(500, CancellationToken);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => api.PostAsync(path, RunningApi.Question));
        var rest = await reader.ReadToEndAsync(CancellationToken);

        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        Assert.Equal(0, await stopped);
        Assert.Equal(["audit.started", "chat.complete", "audit.stopped"], await ActionsAsync(api));
    }

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/v1/chat/completions")]
    public async Task Stop_WhileAStreamRunsOn_CutsItAtTheLimitAndLeavesItsRecord(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that asks a program to end.");
        await using var api = await StartAsync("00:00:02", pieces: 10_000);
        using var response = await api.PostAsync(path, s_streamed);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(CancellationToken));
        Assert.StartsWith("data:", await reader.ReadLineAsync(CancellationToken), StringComparison.Ordinal);
        var began = Stopwatch.GetTimestamp();

        var stopped = api.Process.StopAsync(CancellationToken);
        var cut = await Assert.ThrowsAnyAsync<Exception>(() => reader.ReadToEndAsync(CancellationToken));

        Assert.IsNotType<OperationCanceledException>(cut);
        Assert.Equal(0, await stopped);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 1.5, 12);
        Assert.Equal(ReplyOutcome.ClientLeft, await Assert.Single(api.Mistral.Requests).Closed.WaitAsync(TimeSpan.FromSeconds(5), CancellationToken));
        Assert.Equal(["audit.started", "chat.cancelled", "audit.stopped"], await ActionsAsync(api));
        Assert.Equal("stopped", Assert.Single(await api.AuditedAsync(record => record.GetProperty("action").GetString() == "chat.cancelled")).GetProperty("errorCode").GetString());
    }

    private static async Task<RunningApi> StartAsync(string limit, int pieces)
    {
        var api = new RunningApi();
        await api.StartAsync("Production", new Dictionary<string, string> { ["Access__ShutdownTimeout"] = limit });
        var end = Piece.Replace("null}", "\"stop\"}", StringComparison.Ordinal);
        var stream = Enumerable.Repeat(Piece + "\n\n", pieces).Append(end + "\n\ndata: [DONE]\n\n").ToArray();
        api.Mistral.Enqueue(StandInReply.Stream(stream) with { Pause = TimeSpan.FromMilliseconds(50) });
        return api;
    }

    private static async Task<IEnumerable<string?>> ActionsAsync(RunningApi api) =>
        (await api.AuditedAsync(_ => true)).Select(record => record.GetProperty("action").GetString());
}
