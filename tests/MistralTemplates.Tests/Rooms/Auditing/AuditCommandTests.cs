using System.CommandLine;
using System.Globalization;
using Acme.App.Auditing;
using Acme.App.Operations;
using Spectre.Console;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditCommandTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    [Fact]
    public async Task Verify_LogAsWritten_SaysHowMuchAndEndsWithZero()
    {
        using var log = await SampleLog.WriteAsync(records: 10);

        Assert.Equal(0, await RunAsync(log, "verify"));
        Assert.Equal($"Records: 12. Files: 1. Checkpoints: 1.{Environment.NewLine}The log is as it was written.{Environment.NewLine}", _output.ToString());
    }

    [Fact]
    public async Task Verify_LineChanged_SaysWhereAndEndsWithOne()
    {
        using var log = await SampleLog.WriteAsync(records: 10);
        log.Edit(lines => lines[4] = lines[4].Replace("alice", "bob", StringComparison.Ordinal));

        Assert.Equal(1, await RunAsync(log, "verify", log.Files.Current));
        Assert.Contains("NOT AS WRITTEN: audit.jsonl, line 5: The record was changed.", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_WithoutSecret_NeedsNoSettings()
    {
        using var log = await SampleLog.WriteAsync(records: 10);
        var publicKey = Path.Combine(log.Folder, "public.pem");
        File.WriteAllText(publicKey, log.Signing.ExportSubjectPublicKeyInfoPem());

        var exitCode = await RunAsync(null, "verify", log.Files.Current, "--without-secret", "--public-key", publicKey);

        Assert.Equal(0, exitCode);
        Assert.Contains("The log agrees with its checkpoints.", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("behind the last one, for record 12,", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _errors.ToString());
    }

    /// <summary>Anybody could write a log that agrees with no checkpoint at all.</summary>
    [Fact]
    public async Task Verify_WithoutSecretAndCheckpoints_IsNoGoodVerdict()
    {
        using var log = await SampleLog.WriteAsync(records: 10);
        var publicKey = Path.Combine(log.Folder, "public.pem");
        File.WriteAllText(publicKey, log.Signing.ExportSubjectPublicKeyInfoPem());
        File.WriteAllText(log.CheckpointFile, "");

        var exitCode = await RunAsync(null, "verify", log.Files.Current, "--without-secret", "--public-key", publicKey);

        Assert.Equal(1, exitCode);
        Assert.Contains("NOT CHECKED", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Note: No checkpoint is for these records", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_WhatAFormerKeySigned_IsBelievedWhereTheSettingsNameIt()
    {
        using var log = await SampleLog.WriteAsync(records: 10);
        var former = Convert.ToBase64String(log.Signing.ExportPkcs8PrivateKey());
        log["Audit:CheckpointKey"] = AuditKeys.Make()[1];

        var unknown = await RunAsync(log, "verify");
        log["Audit:PreviousCheckpointKeys:0"] = former;
        var known = await RunAsync(log, "verify");

        Assert.Equal((1, 0), (unknown, known));

        // Once it is replaced, it is good for nothing later.
        await log.WriteMoreAsync(5);
        Assert.Equal(0, await RunAsync(log, "verify"));
        var (sequence, mac) = LastOf(log);
        using var leaked = AuditKeys.ImportSigningKey(former);
        await File.AppendAllTextAsync(log.CheckpointFile, AuditCheckpoint.Sign(sequence, mac, DateTime.UtcNow, leaked) + "\n", TestContext.Current.CancellationToken);
        Assert.Equal(1, await RunAsync(log, "verify"));
        Assert.Contains("not in use any more", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("belongs in Audit:PreviousCheckpointKeys", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_NoLogYet_MakesNoKeys()
    {
        using var log = await SampleLog.WriteAsync(records: 0);
        (log["Audit:ChainKey"], log["Audit:CheckpointKey"], log["Audit:Path"]) = (null, null, "none/audit.jsonl");

        Assert.Equal(1, await RunAsync(log, "verify"));

        Assert.False(Directory.Exists(Path.Combine(log.Folder, "none")));
    }

    [Fact]
    public async Task Show_ByUserAndAction_ShowsWhatFits()
    {
        using var log = await SampleLog.WriteAsync(records: 3);

        Assert.Equal(0, await RunAsync(log, "show", "--user", "alice", "--action", "chat", "--since", "2020-01-01"));
        var lines = _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Contains("chat.complete", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Tail_OfTwo_ShowsTheLastTwo()
    {
        using var log = await SampleLog.WriteAsync(records: 3);

        Assert.Equal(0, await RunAsync(log, "tail", "-n", "2"));
        Assert.Equal(["chat.complete", "audit.stopped"], _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split("  ")[1].Trim()));
    }

    /// <summary>A damaged or a hostile line hides none of those behind it, and steers no terminal.</summary>
    [Theory]
    [InlineData("{\"version\":1,\"\\ud800\":1,\"mac\":\"00\"}", "not a record")]
    [InlineData("{\"version\":1,\"detail\":{\"a\":\"\u009b31m\u202e\"},\"mac\":\"00\"}", "detail={\"a\":\"31m\"}")]
    public async Task Tail_LineThatNoProgramOfOursWrote_IsToldAndTheNextShown(string line, string told)
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        log.Edit(lines => lines.Insert(2, line));

        Assert.Equal(0, await RunAsync(log, "tail"));

        var lines = _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, lines.Length);
        Assert.Contains(told, lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, shown => shown.AsSpan().ContainsAny('\u009b', '\u202e'));
        Assert.Contains("audit.stopped", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_OfMoreThanTwoFilesHold_ShowsThemAll()
    {
        using var log = await SampleLog.WriteAsync(records: 900, maxFileBytes: 64 * 1024);
        Assert.True(log.Files.Existing().Count > 3, "The log has too few files.");

        Assert.Equal(0, await RunAsync(log, "tail", "-n", "800"));

        Assert.Equal(800, _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("Could not find file", "verify", "LOG", "--without-secret", "--public-key", "FOLDER/none.pem")]
    [InlineData("no public key in PEM", "verify", "LOG", "--without-secret", "--public-key", "LOG")]
    [InlineData("no file of checkpoints", "verify", "LOG", "--checkpoints", "FOLDER/none.txt")]
    [InlineData("There is no audit log at", "tail", "FOLDER/none.jsonl")]
    [InlineData("There is no audit log at", "show", "FOLDER/none.jsonl")]
    public async Task Run_FileThatCannotBeRead_SaysWhichAndEndsWithTwo(string message, params string[] arguments)
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        var named = arguments.Select(argument => argument.Replace("LOG", log.Files.Current, StringComparison.Ordinal).Replace("FOLDER", log.Folder, StringComparison.Ordinal));

        Assert.Equal(2, await RunAsync(log, [.. named]));

        Assert.Equal("", _output.ToString());
        Assert.Contains(message, _errors.ToString(), StringComparison.Ordinal);
        Assert.Contains(log.Folder, _errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("tail")]
    public async Task Run_PipeInTheLogsPlace_IsRefusedInsteadOfWaitedFor(string command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes are no files there.");
        using var log = await SampleLog.WriteAsync(records: 1);
        File.Delete(log.Files.Current);
        (await MistralTemplates.Harness.Command.RunAsync("mkfifo", [log.Files.Current], log.Folder, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).EnsureSuccess("mkfifo");

        Assert.Equal(2, await RunAsync(log, command));

        Assert.Contains(log.Files.Current, _errors.ToString(), StringComparison.Ordinal);
    }

    /// <summary>As a shell gives what another machine keeps: <c>--checkpoints &lt;(ssh …)</c>.</summary>
    [Fact]
    public async Task Verify_CheckpointsFromAPipe_AreRead()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes are no files there.");
        using var log = await SampleLog.WriteAsync(records: 3);
        var pipe = Path.Combine(log.Folder, "pipe");
        (await MistralTemplates.Harness.Command.RunAsync("mkfifo", [pipe], log.Folder, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)).EnsureSuccess("mkfifo");
        var writing = MistralTemplates.Harness.Command.RunAsync(
            "sh", ["-c", $"cat '{log.Files.Checkpoints}' > '{pipe}'"], log.Folder, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(0, await RunAsync(log, "verify", "--checkpoints", pipe));

        Assert.Contains("Checkpoints: 1.", _output.ToString(), StringComparison.Ordinal);
        (await writing).EnsureSuccess("cat");
    }

    [Theory]
    [InlineData("verify", "--begins-at", "0")]
    [InlineData("tail", "--lines", "0")]
    [InlineData("tail", "-n", "-1")]
    [InlineData("tail", "-n", "some")]
    [InlineData("verify", "--begins-at", "the first")]
    [InlineData("show", "--since", "some day")]
    public void Parse_WhatIsNoNumberOrTime_IsRefused(params string[] arguments) =>
        Assert.Single(AuditCommand.Create(() => throw new InvalidOperationException(), ConsoleOn(new FakeTerminal(_output, 80)), ConsoleOn(new FakeTerminal(_errors, 80))).Parse(arguments).Errors);

    /// <summary>As a second process is told to: the two must not share their checkpoints.</summary>
    [Fact]
    public async Task Verify_TwoLogsInOneFolder_AreBothAsTheyWereWritten()
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        log["Audit:Path"] = "audit/second.jsonl";
        await using (var room = log.Open())
            await room.Log.WriteAsync(new Acme.App.Auditing.AuditRecord("chat.refused") { Success = false });

        Assert.Equal(0, await RunAsync(log, "verify"));
        log["Audit:Path"] = "audit/audit.jsonl";
        Assert.Equal(0, await RunAsync(log, "verify"));
        Assert.DoesNotContain("Checkpoints: 0.", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_WithoutSecretAndPublicKey_SaysWhatItTakes()
    {
        using var log = await SampleLog.WriteAsync(records: 1);

        Assert.Equal(2, await RunAsync(null, "verify", log.Files.Current, "--without-secret"));
        Assert.Contains("--public-key FILE", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_New_CanBeUsedAsSettings()
    {
        Assert.Equal(0, await RunAsync(null, "keys"));
        var settings = _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["Audit__ChainKey", "Audit__CheckpointKey"], settings.Select(line => line.Split('=')[0]));
        Assert.Contains("BEGIN PUBLIC KEY", _errors.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public async Task Tail_OnATerminal_ShowsATableThatFitsItsWidth(int columns)
    {
        using var log = await SampleLog.WriteAsync(records: 3);
        log.Edit(lines => lines.Insert(2, "no record"));

        Assert.Equal(0, await RunAsync(log, new FakeTerminal(_output, columns), "tail"));

        var lines = _output.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        Assert.Equal(DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + " UTC", lines[0]);
        Assert.All(lines, line => Assert.True(line.Length <= columns, line));
        var rows = lines.Skip(1).Where(line => line[0] != ' ' || line.Contains("not a record", StringComparison.Ordinal)).ToList();
        Assert.Equal(["audit.started", "chat.complete", "not a record", "chat.complete", "chat.complete", "audit.stopped"], rows.Select(row => row[10..25].TrimEnd()));
        Assert.All(rows.Where(row => row[0] != ' ' && row.Contains("chat", StringComparison.Ordinal)), row => Assert.Equal("alice", row[27..43].TrimEnd()));
        Assert.Contains("mistral-small-latest", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Show_ValuesThatWouldSteerATerminal_StayEscaped(bool isTerminal)
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        await using (var room = log.Open())
            await room.Log.WriteAsync(new Acme.App.Auditing.AuditRecord("chat.refused") { Success = false, ErrorCode = "sensitive.data", UserId = "\u001b[red]eve", Kinds = ["card", "iban"] });

        Assert.Equal(0, await RunAsync(log, new FakeTerminal(_output, 120) { IsTerminal = isTerminal }, "show", "--action", "chat.refused"));

        Assert.DoesNotContain('\u001b', _output.ToString());
        Assert.Contains("[red]eve", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(isTerminal ? "sensitive.data, card, iban" : "errorCode=sensitive.data", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_NamesOfOtherAlphabets_AreReadable()
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        await using (var room = log.Open())
            await room.Log.WriteAsync(new Acme.App.Auditing.AuditRecord("chat.refused") { Success = false, UserId = "Zoé 张三" });

        Assert.Equal(0, await RunAsync(log, "show", "--action", "chat.refused"));

        Assert.Contains("userId=Zoé 张三", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_ADamagedRecord_IsPassedOver()
    {
        using var log = await SampleLog.WriteAsync(records: 1);
        log.Edit(lines => lines.Insert(1, """{"version":1,"sequence":1,"userId":"\ud800","action":"chat.complete","timestamp":"\ud800"}"""));

        Assert.Equal(0, await RunAsync(log, "show", "--user", "alice", "--since", "2020-01-01T00:00Z"));

        Assert.Contains("alice", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_MoreRowsThanOneTable_KeepsTheirColumns()
    {
        using var log = await SampleLog.WriteAsync(records: 250);

        Assert.Equal(0, await RunAsync(log, new FakeTerminal(_output, 120), "show", "--action", "chat"));

        var rows = _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Skip(1).ToList();
        Assert.Equal(250, rows.Count);
        Assert.Single(rows.Select(row => row.IndexOf("mistral-small-latest", StringComparison.Ordinal)).Distinct());
    }

    private static (long Sequence, string Mac) LastOf(SampleLog log)
    {
        using var record = System.Text.Json.JsonDocument.Parse(File.ReadAllLines(log.Files.Current)[^1]);
        return (record.RootElement.GetProperty("sequence").GetInt64(), record.RootElement.GetProperty("mac").GetString()!);
    }

    private Task<int> RunAsync(SampleLog? log, params string[] arguments) => RunAsync(log, new FakeTerminal(_output, 80) { IsTerminal = false }, arguments);

    private async Task<int> RunAsync(SampleLog? log, FakeTerminal results, params string[] arguments)
    {
        await using var room = log?.Open();
        var command = AuditCommand.Create(() => room!.Host.Services, ConsoleOn(results), ConsoleOn(new FakeTerminal(_errors, 80) { IsTerminal = false }));
        return await command.Parse(arguments).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);
    }

    private static IAnsiConsole ConsoleOn(FakeTerminal terminal) => AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = terminal });

    private sealed class FakeTerminal(TextWriter writer, int columns) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal { get; init; } = true;

        public int Width => columns;

        public int Height => 25;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }
}
