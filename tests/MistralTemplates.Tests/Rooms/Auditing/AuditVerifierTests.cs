using System.Security.Cryptography;
using Acme.App.Auditing;
using Acme.App.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditVerifierTests
{
    [Fact]
    public async Task Verify_UntouchedLogOfSeveralFiles_FindsNothing()
    {
        using var log = await SampleLog.WriteAsync(records: 1500, maxFileBytes: 65536);

        var verdict = log.Verify();

        Assert.Null(verdict.Problem);
        Assert.Equal(1502 + verdict.Files - 1, verdict.Records);
        Assert.True(verdict.Files > 3, $"{verdict.Files} files");
        Assert.Equal(16, verdict.Checkpoints);
        Assert.Empty(verdict.Notes);
    }

    [Theory]
    [InlineData(0, "The record was changed.")]
    [InlineData(1, "Records were removed: 8 to 8.")]
    [InlineData(2, "The record was swapped with the one after it (record 9 where 8 belongs).")]
    [InlineData(3, "The record was inserted: 7 stands where 8 belongs.")]
    [InlineData(4, "The line was inserted.")]
    public async Task Verify_LineTouched_SaysWhereAndWhat(int how, string expected)
    {
        using var log = await SampleLog.WriteAsync(records: 20);
        log.Edit(lines =>
        {
            switch (how)
            {
                case 0: lines[7] = lines[7].Replace("alice", "alicf", StringComparison.Ordinal); break;
                case 1: lines.RemoveAt(7); break;
                case 2: (lines[7], lines[8]) = (lines[8], lines[7]); break;
                case 3: lines.Insert(7, lines[6]); break;
                default: lines.Insert(7, lines[7].Replace("alice", "alicf", StringComparison.Ordinal)); break;
            }
        });

        Assert.Equal($"audit.jsonl, line 8: {expected}", log.Verify().Problem);
    }

    [Fact]
    public async Task Verify_TailCutBehindTheLastCheckpoint_IsToldByTheSeal()
    {
        using var log = await SampleLog.WriteAsync(records: 20);
        log.Edit(lines => lines.RemoveRange(18, lines.Count - 18));
        File.WriteAllLines(log.CheckpointFile, File.ReadAllLines(log.CheckpointFile).Take(0));

        Assert.Equal("The log was cut off: it ends with record 18, but the seal beside it is for record 22.", log.Verify().Problem);
    }

    [Fact]
    public async Task Verify_OlderLogAndSealPutBack_IsToldByTheCheckpoints()
    {
        using var log = await SampleLog.WriteAsync(records: 20);
        var (older, olderSeal) = (File.ReadAllBytes(log.Files.Current), File.ReadAllBytes(log.Files.Seal));
        await log.WriteMoreAsync(5);
        File.WriteAllBytes(log.Files.Current, older);
        File.WriteAllBytes(log.Files.Seal, olderSeal);

        Assert.Equal("The log was cut off: it ends with record 22, but there is a checkpoint for record 29.", log.Verify().Problem);
    }

    [Fact]
    public async Task Verify_WithAnotherKey_SaysSo()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        log.ChainKeys = [new AuditKey(RandomNumberGenerator.GetBytes(32))];

        Assert.Equal("audit.jsonl, line 1: The line was written with a key that is not known, or with one that was not in use any more.", log.Verify().Problem);
    }

    [Fact]
    public async Task Verify_KeyRotatedBetweenRuns_TakesBothInTheirOrderOnly()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        await log.RotateAsync();
        await log.WriteMoreAsync(3);

        Assert.Null(log.Verify().Problem);
        log.ChainKeys = [.. log.ChainKeys.Reverse()];
        Assert.Contains("key that is not known", log.Verify().Problem, StringComparison.Ordinal);
    }

    /// <summary>Who has the old key could cut off what the new one wrote, and write another end.</summary>
    [Fact]
    public async Task Verify_LogEndsWithAReplacedKeysRecord_IsNoted()
    {
        const string Note = "The log ends with a record of a key that was replaced. If the program has run since, its records were cut off.";
        using var log = await SampleLog.WriteAsync(records: 3);
        Assert.DoesNotContain(Note, log.Verify().Notes);
        log.ChainKeys = [.. log.ChainKeys, new AuditKey(RandomNumberGenerator.GetBytes(32))];

        Assert.Null(log.Verify().Problem);
        Assert.Contains(Note, log.Verify().Notes);
    }

    /// <summary>What a program writes meanwhile, a line half done and a file that takes another name, is no sign of tampering.</summary>
    [Fact]
    public async Task Verify_BesideAProgramThatWritesWithoutPause_FindsNothing()
    {
        await using var room = new AuditRoom(settings: new Dictionary<string, string?> { ["Audit:MaxFileBytes"] = "65536", ["Audit:CheckpointRecords"] = "50" });
        var keys = room.Host.Services.GetRequiredService<AuditKeys>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var verdicts = new List<AuditVerdict>();
        var writing = Task.Run(
            async () =>
            {
                for (var number = 0; number < 100_000 && !stop.IsCancellationRequested; number++)
                {
                    await room.Log.WriteAsync(new AuditRecord("one") { Detail = new string('x', number % 3000) });
                    // Whoever verifies may have to wait for a processor: all would be written by then.
                    while (number > 2_500 * (verdicts.Count + 1) && !stop.IsCancellationRequested)
                        await Task.Delay(1, TestContext.Current.CancellationToken);
                }
            }, TestContext.Current.CancellationToken);
        while (room.Files.Existing().Count < 2)
            await Task.Delay(5, TestContext.Current.CancellationToken);

        // Whoever writes may have to wait for a processor as well.
        while (verdicts.Count < 40 || (verdicts.Count < 1_000 && verdicts[^1].Files == verdicts[0].Files))
            verdicts.Add(new AuditVerifier(room.Files, new AuditEvidence(keys.Chain, [keys.Signing], room.Files.Checkpoints, BeginsAt: 1), new Progress<long>())
                .Verify(TestContext.Current.CancellationToken));
        await stop.CancelAsync();
        await writing;

        Assert.All(verdicts, verdict => Assert.Null(verdict.Problem));
        Assert.True(verdicts[^1].Files > verdicts[0].Files, "No file became full meanwhile.");
    }

    [Fact]
    public async Task Verify_WithThePublicKeyAlone_ChecksCheckpointsWithoutTheSecret()
    {
        using var log = await SampleLog.WriteAsync(records: 250);
        log.ChainKeys = [];
        Assert.Null(log.Verify().Problem);

        // A rewritten history has other MACs, and no checkpoint for them.
        log.Edit(lines => lines[^1] = lines[^1].Replace("\"mac\":\"", "\"mac\":\"0", StringComparison.Ordinal)[..^3] + "\"}");
        Assert.Contains("another than the one that the checkpoint", log.Verify().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_CheckpointChanged_SaysSo()
    {
        using var log = await SampleLog.WriteAsync(records: 10);
        File.WriteAllText(log.CheckpointFile, "9" + File.ReadAllText(log.CheckpointFile));

        Assert.Contains("was changed", log.Verify().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_RandomMutations_AreAllFound()
    {
        using var log = await SampleLog.WriteAsync(records: 40);
        var missed = AuditMutations.Run(log, count: 300, seed: 7);

        Assert.Empty(missed);
    }
}
