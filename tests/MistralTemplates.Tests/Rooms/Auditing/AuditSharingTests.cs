using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Operations;
using Microsoft.Extensions.DependencyInjection;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditSharingTests
{
    private const int Writers = 4;
    private const int Records = 250;

    private static readonly Dictionary<string, string?> s_shared = new() { ["Audit:Shared"] = "true", ["Audit:MaxFileBytes"] = "65536", ["Audit:CheckpointRecords"] = "5" };

    [Theory]
    [InlineData("Process")]
    [InlineData("Disk")]
    public async Task WriteAsync_SeveralWritersOfASharedLog_KeepOneChainThroughItsFiles(string durability)
    {
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string?>(s_shared) { ["Audit:Durability"] = durability };

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            await using var room = new AuditRoom(folder.Path, settings);
            await room.Log.StartAsync(TestContext.Current.CancellationToken);
            for (var record = 0; record < Records; record++)
                await room.Log.WriteAsync(new AuditRecord("x") { Detail = $"{writer}/{record}" });
        })));

        await using var reader = new AuditRoom(folder.Path, settings);
        Assert.True(reader.Files.Existing().Count > 1, "The log did not roll.");
        Assert.Equal(Writers * Records, reader.Lines.Where(line => line.Contains("\"action\":\"x\"", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(reader.Lines, line => line.Contains("audit.recovered", StringComparison.Ordinal));
        var keys = reader.Host.Services.GetRequiredService<AuditKeys>();
        var evidence = new AuditEvidence(keys.Chain, [keys.Signing], Path.Combine(folder.Path, "audit", "audit.jsonl.checkpoints"), 1);
        var verdict = new AuditVerifier(reader.Files, evidence, new Progress<long>()).Verify(TestContext.Current.CancellationToken);
        Assert.Null(verdict.Problem);
        Assert.True(verdict.Checkpoints >= Writers, "A writer signed nothing.");
    }

    [Theory]
    [InlineData("")]
    [InlineData("half")]
    [InlineData("half\nof it")]
    public void Load_DevelopmentKeysThatAreDamaged_NameTheFileAndTheRemedy(string damaged)
    {
        using var folder = new TemporaryFolder();
        var files = new AuditFiles(Path.Combine(folder.Path, "audit.jsonl"));
        File.WriteAllText(files.DevelopmentKeys, damaged);

        var problem = Assert.Single(Assert.Throws<ConfigurationException>(() => AuditKeys.Load(new AuditOptions(), files)).Problems);

        Assert.Equal(("Audit:ChainKey", files.DevelopmentKeys), (problem.Setting, problem.Source));
    }

    [Fact]
    public void Load_SeveralAtOnceWhereNoKeysAre_HaveTheSameKeys()
    {
        for (var round = 0; round < 100; round++)
        {
            using var folder = new TemporaryFolder();
            var files = new AuditFiles(Path.Combine(folder.Path, "audit.jsonl"));
            var keys = new string[Writers];
            var threads = Enumerable.Range(0, Writers).Select(writer => new Thread(() => keys[writer] = AuditKeys.Load(new AuditOptions(), files).Current.Id)).ToList();

            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());

            Assert.Single(keys.Distinct());
        }
    }

    [Fact]
    public async Task StartAsync_LogHeldByAnUnsharedWriter_IsRefusedAfterItsPatience()
    {
        await using var first = new AuditRoom();
        await first.Log.WriteAsync(new AuditRecord("x"));
        await using var second = new AuditRoom(first.Folder, s_shared);

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => second.Log.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal("Another process writes this audit log.", refusal.Problems[0].Problem);
    }

    [Fact]
    public async Task WriteAsync_RecordsOfASharedLogRemovedBetweenTwo_AreMissed()
    {
        await using var room = new AuditRoom(settings: s_shared);
        await room.Log.WriteAsync(new AuditRecord("one"));
        File.Delete(room.Files.Current);

        await room.Log.WriteAsync(new AuditRecord("two"));

        Assert.Contains("records.missing", File.ReadAllText(room.Files.Current), StringComparison.Ordinal);
    }
}
