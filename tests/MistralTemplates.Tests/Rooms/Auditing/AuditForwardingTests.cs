using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Acme.App.Auditing;
using Microsoft.Extensions.DependencyInjection;
using MistralTemplates.Tests.Rooms.Keys;
using Serilog;
using Serilog.Sinks.OpenTelemetry;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>The audit's lines on their way to a collector, by the packages that an owner would add.</summary>
public sealed class AuditForwardingTests
{
    [Theory]
    [InlineData("otlp", 200)]
    [InlineData("otlp", 500)]
    [InlineData("seq", 200)]
    [InlineData("seq", 500)]
    public async Task WriteAsync_ForwardedToACollector_ArrivesThereAndStaysHereWhateverItAnswers(string kind, int status)
    {
        var arrived = new ConcurrentQueue<string>();
        await using var collector = await FakeStore.Start(async context =>
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.Latin1);
            arrived.Enqueue(await reader.ReadToEndAsync());
            context.Response.StatusCode = status;
        });
        var folder = Directory.CreateTempSubdirectory("audit-").FullName;
        var forwarding = new AuditForwarding(to => _ = kind == "seq" ? to.Seq(collector.Address.AbsoluteUri) : to.OpenTelemetry($"{collector.Address}v1/logs", OtlpProtocol.HttpProtobuf));
        string[] lines;
        await using (var room = new AuditRoom(folder, services: services => services.AddSingleton(forwarding)))
        {
            await room.Log.StartAsync(TestContext.Current.CancellationToken);
            for (var number = 0; number < 5; number++)
                await room.Log.WriteAsync(new AuditRecord("one"));
            lines = room.Lines;
        }

        Assert.Equal(6, lines.Length);
        Assert.NotEmpty(arrived);
        if (status == 200)
            Assert.All(lines, line => Assert.Contains(JsonDocument.Parse(line).RootElement.GetProperty("mac").GetString()!, string.Concat(arrived), StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }
}
