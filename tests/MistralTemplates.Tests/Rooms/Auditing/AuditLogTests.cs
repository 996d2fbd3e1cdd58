using System.Text.Json;
using Acme.App.Auditing;

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
    public async Task WriteAsync_ApplicationLogsSwitchedOff_IsNotTouched()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Logging:LogLevel:Default"] = "None", ["Logging:LogLevel:Acme.App.Auditing"] = "None" });

        await room.Log.WriteAsync(new AuditRecord("one"));

        Assert.Equal(2, room.Lines.Length);
    }
}
