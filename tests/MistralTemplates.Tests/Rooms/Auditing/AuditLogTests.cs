using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Configuration;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditLogTests
{
    [Fact]
    public async Task WriteAsync_OneRecord_StandsOnOneLineAfterTheStart()
    {
        await using var room = new AuditRoom();

        await room.Log.WriteAsync(AuditRecord.AccessDenied("token.expired") with { Kinds = ["card"] });

        var lines = room.Lines;
        Assert.Equal(2, lines.Length);
        using var started = JsonDocument.Parse(lines[0]);
        Assert.Equal("audit.started", started.RootElement.GetProperty("action").GetString());
        using var record = JsonDocument.Parse(lines[1]);
        var root = record.RootElement;
        Assert.Equal(1, root.GetProperty("version").GetInt32());
        Assert.Equal(2, root.GetProperty("sequence").GetInt64());
        Assert.Equal("access.denied", root.GetProperty("action").GetString());
        Assert.False(root.GetProperty("success").GetBoolean());
        Assert.Equal("token.expired", root.GetProperty("errorCode").GetString());
        Assert.Equal("alice", root.GetProperty("userId").GetString());
        Assert.Equal("203.0.113.77", root.GetProperty("ipAddress").GetString());
        Assert.Equal("request-1", root.GetProperty("requestId").GetString());
        Assert.Equal("Development", root.GetProperty("environment").GetString());
        Assert.Equal("card", root.GetProperty("kinds")[0].GetString());
        Assert.EndsWith("Z", root.GetProperty("timestamp").GetString());
        Assert.Equal(32, root.GetProperty("mac").GetString()!.Length);
    }

    [Fact]
    public async Task StartAsync_FileIsALink_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets not everybody make links.");
        using var log = await SampleLog.WriteAsync(records: 1);
        File.Move(log.Files.Current, Path.Combine(log.Folder, "real.jsonl"));
        File.CreateSymbolicLink(log.Files.Current, Path.Combine(log.Folder, "real.jsonl"));
        await using var room = log.Open();

        var exception = await Assert.ThrowsAsync<ConfigurationException>(() => room.Log.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal("The audit file is a link.", Assert.Single(exception.Problems).Problem);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Disk")]
    public async Task WriteAsync_AfterTheEnd_IsRefusedAndLeavesTheLogToOthers(string durability)
    {
        var folder = Directory.CreateTempSubdirectory("audit-").FullName;
        var settings = new Dictionary<string, string?> { ["Audit:Durability"] = durability };
        var ended = new AuditRoom(folder, settings);
        var (log, file) = (ended.Log, ended.Files.Current);
        await log.WriteAsync(new AuditRecord("one"));
        await ended.DisposeAsync();
        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<AuditUnavailableException>(() => log.WriteAsync(new AuditRecord("late")).AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));

        Assert.Equal(lines, await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        Assert.Contains("audit.stopped", lines[^1], StringComparison.Ordinal);
        await using (var next = new AuditRoom(folder, settings))
            await next.Log.WriteAsync(new AuditRecord("two"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task WriteAsync_TextThatIsCutThroughACharacter_IsRecorded()
    {
        await using var room = new AuditRoom();

        await room.Log.WriteAsync(new AuditRecord("one") { UserId = new string('a', 255) + "\U0001F512", Detail = "\uD800" });

        using var record = JsonDocument.Parse(room.Lines[^1]);
        Assert.Equal(256, record.RootElement.GetProperty("userId").GetString()!.Length);
    }

    [Fact]
    public async Task WriteAsync_ApplicationLogsSwitchedOff_IsNotTouched()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Logging:LogLevel:Default"] = "None", ["Logging:LogLevel:Acme.App.Auditing"] = "None" });

        await room.Log.WriteAsync(new AuditRecord("one"));

        Assert.Equal(2, room.Lines.Length);
    }
}
