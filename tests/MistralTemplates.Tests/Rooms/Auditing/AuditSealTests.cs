using System.Globalization;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>An end that was cut off behind the last checkpoint is told by the seal alone: no seal that can be made up without a key may hide it.</summary>
public sealed class AuditSealTests
{
    private static readonly string s_madeUp = new('0', 32);

    [Theory]
    [InlineData("-000000000000000001 ")]
    [InlineData("+000000000000000016 ")]
    [InlineData(" 000000000000000016 ")]
    [InlineData("0000000000000000000 ")]
    [InlineData("0000000000000000018 ")]
    public async Task Verify_EndCutOffAndSealMadeUp_IsTold(string number)
    {
        using var log = await CutAsync();
        File.WriteAllText(log.Files.Seal, number + s_madeUp);

        Assert.NotNull(log.Verify().Problem);
    }

    [Fact]
    public async Task Verify_OldFilesArchivedAndSealMadeUpForOneOfThem_IsTold()
    {
        using var log = await SampleLog.WriteAsync(records: 400, maxFileBytes: 65536);
        File.Delete(log.CheckpointFile);
        File.Delete(log.Files.Existing()[0]);
        var beginsAt = FirstOf(log.Files.Existing()[0]);
        Assert.Null(log.Verify(beginsAt).Problem);
        log.Edit(lines => lines.RemoveAt(lines.Count - 1));
        File.WriteAllText(log.Files.Seal, "0000000000000000001 " + s_madeUp);

        Assert.NotNull(log.Verify(beginsAt).Problem);
    }

    [Fact]
    public async Task Verify_PreviousMacCutShort_IsAVerdict()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        log.Edit(lines =>
        {
            lines.RemoveAt(0);
            lines[0] = lines[0][..^34] + "\"previousMac\":\"".PadLeft(32, '0') + "\"}";
        });

        Assert.NotNull(log.Verify(beginsAt: 2).Problem);
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("empty")]
    [InlineData("no seal")]
    [InlineData("-000000000000000001 ")]
    [InlineData("0000000000000000018 ")]
    [InlineData("0000000000000000007 ")]
    public async Task Open_EndCutOffAndSealGoneOrMadeUp_RecordsItAndTheVerifierStaysAlarmed(string seal)
    {
        using var log = await CutAsync();
        if (seal == "removed")
            File.Delete(log.Files.Seal);
        else
            File.WriteAllText(log.Files.Seal, seal == "empty" ? "" : seal + s_madeUp);

        await log.WriteMoreAsync(1);
        await log.WriteMoreAsync(1);

        Assert.Contains("The seal was gone", log.Verify().Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1 << 26, "Process")]
    [InlineData(1 << 26, "Disk")]
    [InlineData(65536, "Process")]
    public async Task Open_SealLagsBehindTheLog_AsAfterASuddenEnd_IsNoCutOff(int maxFileBytes, string durability)
    {
        using var log = await SampleLog.WriteAsync(records: 3, maxFileBytes);
        var before = File.ReadAllBytes(log.Files.Seal);
        log["Audit:Durability"] = durability;
        await log.WriteMoreAsync(150);
        File.WriteAllBytes(log.Files.Seal, before);

        await log.WriteMoreAsync(1);

        Assert.Null(log.Verify().Problem);
    }

    /// <summary>A chat's record is followed by its seal before the chat is answered.</summary>
    [Fact]
    public async Task Open_CutBackToTheFirstChatWithoutASeal_RecordsItAndTheVerifierStaysAlarmed()
    {
        using var log = await SampleLog.WriteAsync(records: 5);
        log.Edit(lines => lines.RemoveRange(2, lines.Count - 2));
        File.Delete(log.Files.Seal);
        File.Delete(log.CheckpointFile);

        await log.WriteMoreAsync(1);

        Assert.NotNull(log.Verify().Problem);
    }

    [Fact]
    public async Task Open_AfterTheVeryFirstStartEndedBeforeItsSeal_IsNoCutOff()
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        log.Edit(lines => lines.RemoveRange(1, lines.Count - 1));
        File.WriteAllText(log.Files.Seal, "");
        File.Delete(log.CheckpointFile);

        await log.WriteMoreAsync(1);

        Assert.Null(log.Verify().Problem);
    }

    [Fact]
    public async Task Open_AfterTheKeyWasReplaced_TakesTheSealOfTheFormerOne()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        await log.RotateAsync();

        await log.WriteMoreAsync(1);

        Assert.Null(log.Verify().Problem);
    }

    [Fact]
    public async Task Open_WithoutTheFormerKey_LeavesTheJudgementToTheVerifier()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        var former = log.ChainKeys;
        log["Audit:ChainKey"] = Acme.App.Auditing.AuditKeys.Make()[0];

        await log.WriteMoreAsync(1);
        log.ChainKeys = [.. former, .. log.ChainKeys];

        Assert.Null(log.Verify().Problem);
    }

    [Fact]
    public async Task Open_InAFileThatHasJustBegun_TakesTheSealOfTheOneBefore()
    {
        using var log = await SampleLog.WriteAsync(records: 150, maxFileBytes: 65536);
        File.Move(log.Files.Current, log.Files.Full(FirstOf(log.Files.Current)));

        await log.WriteMoreAsync(1);

        Assert.Null(log.Verify().Problem);
    }

    /// <summary>A log of 22 records whose last four are gone, and that has no checkpoints.</summary>
    private static async Task<SampleLog> CutAsync()
    {
        var log = await SampleLog.WriteAsync(records: 20);
        log.Edit(lines => lines.RemoveRange(18, lines.Count - 18));
        File.Delete(log.CheckpointFile);
        return log;
    }

    private static long FirstOf(string file) =>
        long.Parse(File.ReadLines(file).First().Split("\"sequence\":")[1].Split(',')[0], CultureInfo.InvariantCulture);
}
