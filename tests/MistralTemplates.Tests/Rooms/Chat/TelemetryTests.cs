using Acme.App.Tests.StandIn;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Chat;

/// <summary>What a collector is told over OTLP, and what it is not.</summary>
public sealed class TelemetryTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Telemetry_OfAnsweredAndRefusedChats_HasTracesMetricsAndLogsWithoutTheirTexts()
    {
        await using var collector = await MistralStandIn.StartAsync([], CancellationToken);
        using var folder = new TemporaryFolder();
        await using (var api = ApiProcess.Start(folder.Path, new Dictionary<string, string>(ApiProcess.Settings(folder.Path))
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=named-by-its-owner",
            ["Access__Limits__RequestsPerMinute"] = "1",
            ["Access__Limits__TokensPerMinute"] = "2000",
        }))
        {
            await api.WaitUntilItAnswersAsync(CancellationToken);
            // A caller is named by the trace: the first is answered and then refused by its limit, the second by a guard.
            foreach (var (prompt, caller) in (IEnumerable<(string, char)>)[("canary", 'a'), ("canary", 'a'), ("canary", 'a'), ($"canary {string.Join(' ', "4111", "1111", "1111", "1111")}", 'b')])
            {
                using var request = ApiProcess.Chat(prompt, stream: false, new string(caller, 32));
                (await api.Client.SendAsync(request, CancellationToken)).Dispose();
            }

            Assert.Equal(0, await api.StopAsync(CancellationToken));
        }

        var told = collector.Requests.ToLookup(request => request.Path, request => request.Body);
        Assert.All(["POST /api/chat", "http.response.status_code", "service.name", "named-by-its-owner"], text => Assert.Contains(text, string.Concat(told["/v1/traces"]), StringComparison.Ordinal));
        Assert.NotEmpty(told["/v1/logs"]);
        var metrics = string.Concat(told["/v1/metrics"]);
        Assert.All(
            ["http.server.request.duration", "gen_ai.client.token.usage", "gen_ai.client.operation.duration", "limits.exceeded", "guards.found", "keys.age", "kestrel.active_connections"],
            name => Assert.Contains(name, metrics, StringComparison.Ordinal));
        Assert.All(collector.Requests, request => Assert.DoesNotContain("canary", request.Body, StringComparison.Ordinal));
    }
}
