using System.Text;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Operations;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Core;
using Serilog.Events;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditRecoveryTests
{
    [Theory]
    [InlineData("Process")]
    [InlineData("Disk")]
    public async Task Open_TornLastLine_IsCutOffAndRecorded(string durability)
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        File.AppendAllText(log.Files.Current, "{\"version\":1,\"sequence\":6,\"ke");
        log["Audit:Durability"] = durability;

        await log.WriteMoreAsync(1);

        var verdict = log.Verify();
        Assert.Null(verdict.Problem);
        Assert.Contains("An unfinished line of 29 bytes was cut off.", Assert.Single(verdict.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_TornLastLineLongerThanAFewLines_IsCutOffAndRecorded()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        File.AppendAllText(log.Files.Current, new string('x', 10_000));

        await log.WriteMoreAsync(1);

        var verdict = log.Verify();
        Assert.Null(verdict.Problem);
        Assert.Contains("An unfinished line of 10000 bytes was cut off.", Assert.Single(verdict.Notes), StringComparison.Ordinal);
    }

    /// <summary>A shared log is opened anew for each record, and here its last line is a long one each time.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public async Task Open_LongestLines_AreGoneOnFrom(int lines)
    {
        using var log = await SampleLog.WriteAsync(records: 0);
        log["Audit:Shared"] = "true";
        var text = new string('\u0001', 256);
        await using (var room = log.Open())
        {
            for (var line = 0; line < lines; line++)
                await room.Log.WriteAsync(new AuditRecord("x") { UserId = text, RequestId = text, ModelAnswered = text, Detail = text });
        }

        Assert.Equal(lines, File.ReadLines(log.Files.Current).Count(line => line.Length > 6_000));
        Assert.Null(log.Verify().Problem);
        Assert.Empty(log.Verify().Notes);
    }

    [Fact]
    public async Task Open_LinesMissingFromTheEnd_RecordsItAndTheVerifierStaysAlarmed()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        log.Edit(lines => lines.RemoveRange(3, 2));

        await log.WriteMoreAsync(1);

        Assert.Contains("The records 4 to 5 had been written and were gone", File.ReadAllText(log.Files.Current), StringComparison.Ordinal);
        Assert.NotNull(log.Verify().Problem);
    }

    [Fact]
    public async Task Open_EndedBetweenRollingAndTheNewFile_GoesOnInANewFile()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        File.Move(log.Files.Current, log.Files.Full(1));

        await log.WriteMoreAsync(1);

        Assert.Null(log.Verify().Problem);
        Assert.Equal(2, log.Verify().Files);
        using var first = JsonDocument.Parse(File.ReadLines(log.Files.Current).First());
        Assert.Equal("audit.rolled", first.RootElement.GetProperty("action").GetString());
    }

    [Fact]
    public async Task Open_OtherTextInsteadOfALog_RefusesToWrite()
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        File.WriteAllText(log.Files.Current, "hello\n");

        await Assert.ThrowsAsync<AuditUnavailableException>(() => log.WriteMoreAsync(1));

        Assert.Equal("hello\n", File.ReadAllText(log.Files.Current));
    }

    [Fact]
    public async Task StartAsync_SecondWriter_IsRefusedWithTheReason()
    {
        await using var first = new AuditRoom();
        await first.Log.WriteAsync(new AuditRecord("x"));
        await using var second = new AuditRoom(first.Folder);

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => second.Log.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal("Another process writes this audit log.", refusal.Problems[0].Problem);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Disk")]
    public async Task WriteAsync_FileRemoved_FailsClosedThenBeginsAnewAndSaysSo(string durability)
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:Durability"] = durability });
        await room.Log.WriteAsync(new AuditRecord("one"));
        File.Delete(room.Files.Current);
        await Task.Delay(150, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<AuditUnavailableException>(() => room.Log.WriteAsync(new AuditRecord("two")).AsTask());
        Assert.False(room.Log.CheckStatus().Available);
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        Assert.True(room.Log.CheckStatus().Available);

        Assert.Contains("records.missing", File.ReadAllText(room.Files.Current), StringComparison.Ordinal);
        Assert.Contains("log.unavailable", File.ReadAllText(room.Files.Current), StringComparison.Ordinal);
    }

    /// <summary>As a rotation by copy and truncation leaves it: written at its old place, a record would stand behind a hole.</summary>
    [Fact]
    public async Task WriteAsync_FileTruncatedUnderLoad_IsNoticedByTheNextRecord()
    {
        await using var room = new AuditRoom();
        for (var record = 0; record < 5; record++)
            await room.Log.WriteAsync(new AuditRecord("one"));
        using (var file = new FileStream(room.Files.Current, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(0);

        await Assert.ThrowsAsync<AuditUnavailableException>(() => room.Log.WriteAsync(new AuditRecord("two")).AsTask());
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        await room.Log.WriteAsync(new AuditRecord("three"));

        Assert.Contains("records.missing", File.ReadAllText(room.Files.Current), StringComparison.Ordinal);
        Assert.DoesNotContain('\0', File.ReadAllText(room.Files.Current));
    }

    [Fact]
    public async Task WriteAsync_FolderIsNoFolder_FailsOpenWhenToldSo()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?>
        {
            ["Audit:Path"] = "nofolder/audit.jsonl",
            ["Audit:CheckpointPath"] = "elsewhere/checkpoints.txt",
            ["Audit:FailureMode"] = "Open",
            ["Audit:ChainKey"] = AuditKeys.Make()[0],
            ["Audit:CheckpointKey"] = AuditKeys.Make()[1],
        });
        File.WriteAllText(Path.Combine(room.Folder, "nofolder"), "");

        await room.Log.WriteAsync(new AuditRecord("one"));
        await room.Log.WriteAsync(new AuditRecord("two"));

        Assert.Equal(2, room.Log.CheckStatus().Lost);
        File.Delete(Path.Combine(room.Folder, "nofolder"));
        await room.Log.WriteAsync(new AuditRecord("three"));
        Assert.True(room.Log.CheckStatus().Available);
        Assert.Equal(["audit.started", "three"], room.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task WriteAsync_ForwardingSinkFails_KeepsTheLocalRecord()
    {
        var forwarded = new List<string>();
        await using var room = new AuditRoom(services: services =>
        {
            services.AddSingleton(new AuditForwarding(to => to.Sink(new CallbackSink(_ => throw new InvalidOperationException()))));
            services.AddSingleton(new AuditForwarding(to => to.Sink(new CallbackSink(sent => forwarded.Add(sent.RenderMessage())))));
        });

        await room.Log.WriteAsync(new AuditRecord("one"));

        Assert.Equal(room.Lines, string.Concat(forwarded).TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task WriteAsync_HostileValues_StayOnOneAsciiLine()
    {
        await using var room = new AuditRoom();
        var hostile = "a\nb\r\u2028\u202e\u0000\"}" + new string('x', 1000);

        await room.Log.WriteAsync(new AuditRecord("one") { UserId = hostile, IpAddress = hostile, RequestId = hostile, ModelAsked = hostile, Kinds = ["card"] });

        var line = Assert.Single(room.Lines.Skip(1));
        Assert.True(Encoding.UTF8.GetByteCount(line) == line.Length && line.Length < 8192);
        Assert.StartsWith("a\nb\r\u2028\u202e\u0000\"}", JsonDocument.Parse(line).RootElement.GetProperty("userId").GetString());
    }

    [Fact]
    public async Task WriteAsync_PrivacySettings_HideUserAndHost()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:PseudonymiseUsers"] = "true", ["Audit:ShortenIpAddresses"] = "true" });

        await room.Log.WriteAsync(new AuditRecord("one"));

        var record = JsonDocument.Parse(room.Lines[^1]).RootElement;
        Assert.Equal(room.Host.Services.GetRequiredService<AuditKeys>().Current.Pseudonym("alice"), record.GetProperty("userId").GetString());
        Assert.Equal("203.0.113.0", record.GetProperty("ipAddress").GetString());
    }

    [Fact]
    public async Task WriteAsync_ManyCallersAtOnce_ChainsEveryRecord()
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        log["Audit:Durability"] = "Disk";
        await using (var room = log.Open())
            await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
            {
                for (var number = 0; number < 20; number++)
                    await room.Log.WriteAsync(new AuditRecord("x"));
            })));

        Assert.Null(log.Verify().Problem);
        Assert.Equal(1280 + 5, log.Verify().Records);
    }

    [Fact]
    public async Task Files_OnUnix_AreTheOwnersAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        using var log = await SampleLog.WriteAsync(records: 1);

        Assert.All(Directory.GetFiles(Path.GetDirectoryName(log.Files.Current)!), file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file)));
    }

    private sealed class CallbackSink(Action<LogEvent> emit) : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => emit(logEvent);
    }
}
