using System.Collections.Concurrent;
using System.Net;
using Acme.App.Auditing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using MistralTemplates.Tests.Rooms.Keys;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditCheckpointsTests
{
    private readonly ConcurrentQueue<string> _posted = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private HttpStatusCode _status = HttpStatusCode.OK;
    private TaskCompletionSource? _hang;

    [Fact]
    public async Task Count_EnoughRecords_PostsASignedCheckpointAndKeepsItInTheFile()
    {
        await using var room = Open(records: 3);

        await WriteAsync(room, 3);
        await UntilAsync(() => _posted.Count == 1);

        var checkpoint = AuditCheckpoint.Parse(Assert.Single(_posted))!;
        Assert.True(checkpoint.IsSignedBy(room.Host.Services.GetRequiredService<AuditKeys>().Signing));
        Assert.InRange(checkpoint.Sequence, 4, 5);
        Assert.Equal(_posted, File.ReadAllLines(Path.Combine(room.Folder, "audit", "audit.jsonl.checkpoints")));
        Assert.Contains(checkpoint.Mac, string.Concat(room.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Count_FewRecordsForLong_SignsACheckpointAfterTheInterval()
    {
        await using var room = Open(records: 1000);
        await WriteAsync(room, 1);
        Assert.Empty(_posted);

        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return !_posted.IsEmpty;
        });

        Assert.Single(_posted);
    }

    /// <summary>Each would post once more, and the end would wait for them all.</summary>
    [Fact]
    public async Task Timer_WhileAWebhookHangs_AddsNoFurtherCheckpoint()
    {
        var hang = _hang = new TaskCompletionSource();
        await using (var room = Open(records: 1000))
        {
            await WriteAsync(room, 1);
            _time.Advance(TimeSpan.FromMinutes(1));
            await UntilAsync(() => _posted.Count == 1);
            _status = HttpStatusCode.ServiceUnavailable;
            for (var minute = 0; minute < 20; minute++)
                _time.Advance(TimeSpan.FromMinutes(1));
            hang.SetResult();
        }

        // The one that hung, and what the end signs.
        Assert.Equal(2, _posted.Count);
    }

    [Fact]
    public async Task Dispose_UnsignedRecords_SignsTheLastOne()
    {
        await using (var room = Open(records: 1000))
            await WriteAsync(room, 2);

        Assert.Equal(4, AuditCheckpoint.Parse(Assert.Single(_posted))!.Sequence);
    }

    [Fact]
    public async Task Count_WebhookRefusedOnce_SignsAgainWithTheNextRecord()
    {
        await using var room = Open(records: 1);
        _status = HttpStatusCode.InternalServerError;
        await WriteAsync(room, 1);
        await UntilAsync(() => !_posted.IsEmpty);
        _status = HttpStatusCode.OK;
        var refused = _posted.Count;

        for (var record = 0; record < 3; record++)
        {
            await WriteAsync(room, 1);
            await UntilAsync(() => _posted.Count > refused + record);
        }
    }

    [Fact]
    public async Task Count_WebhookRefuses_CoversTheRecordsByTheNextCheckpoint()
    {
        await using var room = Open(records: 1000);
        _status = HttpStatusCode.InternalServerError;
        await WriteAsync(room, 1);
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return !_posted.IsEmpty;
        });

        _status = HttpStatusCode.OK;
        var refused = _posted.Count;
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return _posted.Count > refused;
        });

        Assert.Equal(2, AuditCheckpoint.Parse(_posted.Last())!.Sequence);
        Assert.True(room.Log.CheckStatus().Available);
    }

    [Theory]
    [InlineData("answers")]
    [InlineData("redirects")]
    [InlineData("hangs")]
    public async Task Dispose_WebhookOverHttp_KeepsTheCheckpointWhateverItDoes(string how)
    {
        var elsewhere = 0;
        await using var other = await FakeStore.Start(_ =>
        {
            Interlocked.Increment(ref elsewhere);
            return Task.CompletedTask;
        });
        await using var witness = await FakeStore.Start(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _posted.Enqueue(await reader.ReadToEndAsync());
            if (how == "hangs")
                await SourceExpectations.Hang(context);
            context.Response.StatusCode = how == "redirects" ? 307 : 200;
            context.Response.Headers.Location = other.Address.AbsoluteUri;
        });
        var folder = Directory.CreateTempSubdirectory("audit-").FullName;
        await using (var room = new AuditRoom(folder, new Dictionary<string, string?> { ["Audit:CheckpointUrl"] = witness.Address.AbsoluteUri }))
            await WriteAsync(room, 3).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(Assert.Single(_posted), Assert.Single(File.ReadAllLines(Path.Combine(folder, "audit", "audit.jsonl.checkpoints"))));
        Assert.Equal(5, AuditCheckpoint.Parse(_posted.Single())!.Sequence);
        Assert.Equal(0, elsewhere);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Dispose_WebhookNeverEndsItsAnswer_TakesTheCheckpointAsReceived()
    {
        await using var witness = await FakeStore.Start(async context =>
        {
            await context.Response.Body.FlushAsync();
            await SourceExpectations.Hang(context);
        });
        var logs = new FakeLogCollector();
        await using (var room = new AuditRoom(
            settings: new Dictionary<string, string?> { ["Audit:CheckpointUrl"] = witness.Address.AbsoluteUri },
            services: services => services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)))))
            await WriteAsync(room, 1);

        Assert.DoesNotContain(logs.GetSnapshot(), log => log.Level >= LogLevel.Error);
        Assert.Contains(logs.GetSnapshot(), log => log.Message.StartsWith("Audit checkpoint:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dispose_CheckpointFileCannotBeWritten_StillTellsTheWebhook()
    {
        await using var witness = await FakeStore.Start(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _posted.Enqueue(await reader.ReadToEndAsync());
        });
        var folder = Directory.CreateTempSubdirectory("audit-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "audit", "audit.jsonl.checkpoints"));
        await using (var room = new AuditRoom(folder, new Dictionary<string, string?> { ["Audit:CheckpointUrl"] = witness.Address.AbsoluteUri }))
            await WriteAsync(room, 3);

        Assert.Equal(5, AuditCheckpoint.Parse(Assert.Single(_posted))!.Sequence);
        Directory.Delete(folder, recursive: true);
    }

    private AuditRoom Open(int records) => new(
        settings: new Dictionary<string, string?>
        {
            ["Audit:CheckpointRecords"] = $"{records}",
            ["Audit:CheckpointInterval"] = "00:01:00",
            ["Audit:CheckpointUrl"] = "https://witness.example/checkpoints",
        },
        services: services =>
        {
            services.AddSingleton<TimeProvider>(_time);
            services.AddHttpClient(AuditCheckpoints.HttpClientName).AddHttpMessageHandler(() => new Witness(this));
        });

    private static async Task WriteAsync(AuditRoom room, int records)
    {
        for (var number = 0; number < records; number++)
            await room.Log.WriteAsync(new AuditRecord("one"));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 1000, "It did not happen within ten seconds.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Witness(AuditCheckpointsTests test) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            test._posted.Enqueue(await request.Content!.ReadAsStringAsync(cancellationToken));
            await (test._hang?.Task ?? Task.CompletedTask);
            return new HttpResponseMessage(test._status);
        }
    }
}
