using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditRollingTests
{
    [Fact]
    public async Task WriteAsync_ANewDay_BeginsAFileThatIsLinkedToTheLast()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 31, 23, 59, 58, TimeSpan.Zero));
        await using var room = new AuditRoom(services: services => services.AddSingleton<TimeProvider>(time));
        await room.Log.WriteAsync(new AuditRecord("one"));
        time.Advance(TimeSpan.FromSeconds(1));
        await room.Log.WriteAsync(new AuditRecord("two"));
        Assert.Single(room.Files.Existing());

        time.Advance(TimeSpan.FromSeconds(1));
        await room.Log.WriteAsync(new AuditRecord("three"));
        time.Advance(TimeSpan.FromDays(1));
        await room.Log.WriteAsync(new AuditRecord("four"));

        Assert.Equal(3, room.Files.Existing().Count);
        AssertLinked(room);
    }

    [Fact]
    public async Task WriteAsync_AFullFile_BeginsAFileThatIsLinkedToTheLast()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:MaxFileBytes"] = "65536" });

        for (var number = 0; number < 600; number++)
            await room.Log.WriteAsync(new AuditRecord("one"));

        Assert.InRange(room.Files.Existing().Count, 3, 5);
        Assert.All(room.Files.Existing(), file => Assert.InRange(new FileInfo(file).Length, 1, 65536 + 1024));
        AssertLinked(room);
    }

    /// <summary>After one record of a clock that was far ahead, the days go on.</summary>
    [Fact]
    public async Task WriteAsync_ClockWasAheadAndIsSetBack_BeginsAFileForEachDayAgain()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 31, 12, 0, 0, TimeSpan.Zero));
        await using var room = new AuditRoom(services: services => services.AddSingleton<TimeProvider>(time));
        await room.Log.WriteAsync(new AuditRecord("one"));
        time.AdjustTime(time.GetUtcNow().AddYears(10));
        await room.Log.WriteAsync(new AuditRecord("two"));
        time.AdjustTime(time.GetUtcNow().AddYears(-10));
        await room.Log.WriteAsync(new AuditRecord("three"));
        time.Advance(TimeSpan.FromDays(1));
        await room.Log.WriteAsync(new AuditRecord("four"));

        Assert.Equal(4, room.Files.Existing().Count);
        AssertLinked(room);
    }

    [Fact]
    public async Task WriteAsync_AnotherFileHasTheFullOnesName_GoesOnAndIsToldByTheVerifier()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:MaxFileBytes"] = "65536" });
        await room.Log.WriteAsync(new AuditRecord("one"));
        await File.WriteAllTextAsync(room.Files.Full(1), "planted\n", TestContext.Current.CancellationToken);

        for (var number = 0; number < 600; number++)
            await room.Log.WriteAsync(new AuditRecord("one"));

        Assert.Equal(602, (await File.ReadAllLinesAsync(room.Files.Current, TestContext.Current.CancellationToken)).Length);
        var keys = room.Host.Services.GetRequiredService<AuditKeys>();
        var verdict = new AuditVerifier(room.Files, new AuditEvidence(keys.Chain, [keys.Signing], null, BeginsAt: 1), new Progress<long>()).Verify(TestContext.Current.CancellationToken);
        Assert.StartsWith("audit-000000000001.jsonl, line 1:", verdict.Problem, StringComparison.Ordinal);
    }

    private static void AssertLinked(AuditRoom room)
    {
        var files = room.Files.Existing().Select(file => File.ReadAllLines(file).Select(line => JsonDocument.Parse(line).RootElement).ToList()).ToList();
        foreach (var (before, after) in files.Zip(files.Skip(1)))
        {
            Assert.Equal("audit.rolled", after[0].GetProperty("action").GetString());
            Assert.Equal(before[^1].GetProperty("mac").GetString(), after[0].GetProperty("previousMac").GetString());
            Assert.Equal(before[^1].GetProperty("sequence").GetInt64() + 1, after[0].GetProperty("sequence").GetInt64());
        }

        var keys = room.Host.Services.GetRequiredService<AuditKeys>();
        Assert.Null(new AuditVerifier(room.Files, new AuditEvidence(keys.Chain, [keys.Signing], null, BeginsAt: 1), new Progress<long>()).Verify(TestContext.Current.CancellationToken).Problem);
    }
}
