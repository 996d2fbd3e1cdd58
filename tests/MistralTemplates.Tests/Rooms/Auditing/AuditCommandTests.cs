using System.CommandLine;
using Acme.App.Operations;
using Spectre.Console;

namespace MistralTemplates.Tests.Rooms.Auditing;

public sealed class AuditCommandTests
{
    private readonly StringWriter _output = new();

    [Fact]
    public async Task Verify_LogAsWritten_SaysHowMuchAndEndsWithZero()
    {
        using var log = await SampleLog.WriteAsync(records: 10);

        Assert.Equal(0, await RunAsync(log, "verify"));
        Assert.Equal($"12 records in 1 files, 1 checkpoints.{Environment.NewLine}The log is as it was written.{Environment.NewLine}", _output.ToString());
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
    }

    [Fact]
    public async Task Show_ByUserAndAction_ShowsWhatFits()
    {
        using var log = await SampleLog.WriteAsync(records: 3);

        Assert.Equal(0, await RunAsync(log, "show", "--user", "alice", "--action", "chat", "--since", "2020-01-01T00:00Z"));
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

    [Fact]
    public async Task Keys_New_CanBeUsedAsSettings()
    {
        Assert.Equal(0, await RunAsync(null, "keys"));
        Assert.StartsWith("Audit__ChainKey=", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("BEGIN PUBLIC KEY", _output.ToString(), StringComparison.Ordinal);
    }

    private async Task<int> RunAsync(SampleLog? log, params string[] arguments)
    {
        await using var room = log?.Open();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });
        var command = AuditCommand.Create(() => room!.Host.Services, _output, console);
        return await command.Parse(arguments).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);
    }
}
