using System.Net;
using System.Text.Json;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Keys;
using MistralTemplates.Benchmarks.Auditing;
using MistralTemplates.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>What the log does when its place fails it.</summary>
public sealed class AuditFaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("audit-faults-").FullName;

    /// <summary>As on a file system that is read-only: the program lives, says what is wrong, and does nothing that is not on record.</summary>
    [Theory]
    [InlineData("Closed", true)]
    [InlineData("Open", false)]
    public async Task StartAsync_PlaceWhereNothingCanBeWritten_IsSaidAndFollowsTheMode(string mode, bool refuses)
    {
        var keys = AuditKeys.Make();
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        await using var room = new AuditRoom(_folder, new Dictionary<string, string?>
        {
            ["Audit:ChainKey"] = keys[0],
            ["Audit:CheckpointKey"] = keys[1],
            ["Audit:Path"] = "file/audit.jsonl",
            ["Audit:FailureMode"] = mode,
        });

        await room.Log.StartAsync(TestContext.Current.CancellationToken);

        var status = room.Log.CheckStatus();
        Assert.Equal((false, refuses), (status.Available, status.Refuses));
        Assert.Contains(Path.Combine(_folder, "file"), status.Problem, StringComparison.Ordinal);
        Assert.Equal(refuses, Record.Exception(room.Log.EnsureAvailable) is AuditUnavailableException);
    }

    [Fact]
    public void Load_DevelopmentKeysThatCannotBeMade_NameThePlaceAndTheRemedy()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        var files = new AuditFiles(Path.Combine(_folder, "file", "audit.jsonl"));

        var problem = Assert.Single(Assert.Throws<ConfigurationException>(() => AuditKeys.Load(new AuditOptions(), files)).Problems);

        Assert.Equal(("Audit:Path", files.DevelopmentKeys), (problem.Setting, problem.Source));
        Assert.Contains("Audit:Path", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_FileCannotGrow_IsRefusedAndNotReadyUntilThereIsRoom()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no limit for a file's size.");
        var cancellationToken = TestContext.Current.CancellationToken;
        var settings = ApiProcess.Settings(_folder);
        await using (var full = ApiProcess.Start(_folder, settings, largestFile: 32))
        {
            await full.WaitUntilItAnswersAsync(cancellationToken);
            var statuses = new List<HttpStatusCode>();
            for (var asked = 0; asked < 200 && statuses.LastOrDefault() is 0 or HttpStatusCode.OK; asked++)
                statuses.Add(await AskAsync(full, cancellationToken));

            Assert.True(statuses.Count > 20, $"{statuses.Count} chats were answered, so the log was never full.");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, statuses[^1]);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync(full, cancellationToken));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, full.Get("/health/ready"));
            Assert.Equal(HttpStatusCode.OK, full.Get("/health/live"));
            Assert.Contains("The audit log cannot be written", full.Output, StringComparison.Ordinal);
            full.Kill();
        }

        await using (var roomy = ApiProcess.Start(_folder, settings))
        {
            await roomy.WaitUntilItAnswersAsync(cancellationToken);
            Assert.Equal(HttpStatusCode.OK, roomy.Get("/health/ready"));
            Assert.Equal(HttpStatusCode.OK, await AskAsync(roomy, cancellationToken));
            await roomy.StopAsync(cancellationToken);
        }

        var verdict = await Command.RunAsync("dotnet", ["exec", ApiProcess.ProgramFile, "audit", "verify"], _folder, TimeSpan.FromMinutes(1), cancellationToken, settings);
        Assert.Equal(0, verdict.ExitCode);
        Assert.Contains("An unfinished line of", verdict.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_FileCannotGrowAndFailureModeOpen_IsAnsweredCountedAndAlarmed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no limit for a file's size.");
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var full = ApiProcess.Start(_folder, new Dictionary<string, string>(ApiProcess.Settings(_folder)) { ["Audit__FailureMode"] = "Open" }, largestFile: 16);
        await full.WaitUntilItAnswersAsync(cancellationToken);
        Assert.Equal("Healthy", await full.Client.GetStringAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken));

        for (var asked = 0; asked < 100; asked++)
            Assert.Equal(HttpStatusCode.OK, await AskAsync(full, cancellationToken));

        // The program looks once a second at most.
        await Task.Delay(TimeSpan.FromSeconds(1.1), cancellationToken);
        Assert.Equal("Degraded", await full.Client.GetStringAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken));
        Assert.Contains("The audit log cannot be written", full.Output, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(Path.Combine(_folder, "audit.jsonl")).Length, 8 * 1024, 16 * 1024);
        full.Kill();
    }

    /// <summary>Reopening may itself fail many times; what was lost meanwhile is still told.</summary>
    [Fact]
    public async Task Chat_DiskIsFullForAWhile_TellsHowManyRecordsWereLost()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux lifts the limit of a running process.");
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var program = ApiProcess.Start(_folder, new Dictionary<string, string>(ApiProcess.Settings(_folder)) { ["Audit__FailureMode"] = "Open" }, largestFile: 16);
        await program.WaitUntilItAnswersAsync(cancellationToken);
        for (var asked = 0; asked < 100; asked++)
            Assert.Equal(HttpStatusCode.OK, await AskAsync(program, cancellationToken));

        var lifted = await Command.RunAsync("prlimit", ["--pid", $"{program.Id}", "--fsize=unlimited:"], _folder, TimeSpan.FromMinutes(1), cancellationToken);
        Assert.Equal(0, lifted.ExitCode);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(program, cancellationToken));

        var lines = await File.ReadAllLinesAsync(Path.Combine(_folder, "audit.jsonl"), cancellationToken);
        var written = lines.Count(line => line.Contains("\"chat.complete\"", StringComparison.Ordinal));
        Assert.Contains($"records lost: {101 - written}.", Assert.Single(lines, line => line.Contains("log.unavailable", StringComparison.Ordinal)), StringComparison.Ordinal);
        program.Kill();
    }

    /// <summary>Where nothing happens without a record, the chat whose record failed had been answered all the same.</summary>
    [Fact]
    public async Task Chat_RecordFailsOnceMistralHasAnswered_IsToldAsLost()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux lifts the limit of a running process.");
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var program = ApiProcess.Start(_folder, ApiProcess.Settings(_folder), largestFile: 16);
        await program.WaitUntilItAnswersAsync(cancellationToken);
        var status = HttpStatusCode.OK;
        for (var asked = 0; asked < 100 && status == HttpStatusCode.OK; asked++)
            status = await AskAsync(program, cancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);

        var lifted = await Command.RunAsync("prlimit", ["--pid", $"{program.Id}", "--fsize=unlimited:"], _folder, TimeSpan.FromMinutes(1), cancellationToken);
        Assert.Equal(0, lifted.ExitCode);
        await Task.Delay(TimeSpan.FromSeconds(1.1), cancellationToken);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(program, cancellationToken));

        var lines = await File.ReadAllLinesAsync(Path.Combine(_folder, "audit.jsonl"), cancellationToken);
        Assert.Contains("records lost: 1.", Assert.Single(lines, line => line.Contains("log.unavailable", StringComparison.Ordinal)), StringComparison.Ordinal);
        program.Kill();
    }

    [Fact]
    public async Task WriteAsync_FolderNotWritable_RefusesAndSaysWhy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has a folder that nobody, not even root, may write to.");
        await using var room = new AuditRoom(_folder, new Dictionary<string, string?>
        {
            ["Audit:Path"] = "/proc/self/fdinfo/audit.jsonl",
            ["Audit:CheckpointPath"] = "checkpoints.txt",
            ["Audit:ChainKey"] = AuditKeys.Make()[0],
            ["Audit:CheckpointKey"] = AuditKeys.Make()[1],
        });

        Assert.Throws<AuditUnavailableException>(room.Log.EnsureAvailable);
        await Assert.ThrowsAsync<AuditUnavailableException>(() => room.Log.WriteAsync(new AuditRecord("one")).AsTask());

        var status = room.Log.CheckStatus();
        Assert.False(status.Available);
        Assert.Contains("/proc/self/fdinfo", status.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "key.rotated")]
    [InlineData(false, "key.rejected")]
    public async Task Record_KeyEvent_StandsInTheLogByItsFingerprints(bool isTaken, string action)
    {
        await using var room = new AuditRoom();

        foreach (var events in room.Host.Services.GetServices<IKeyEvents>())
            await events.RecordAsync(new KeyEvent(isTaken, "store", "oldoldoldold", "v1", "newnewnewnew", "v2", null));

        using var record = JsonDocument.Parse(room.Lines[^1]);
        Assert.Equal(action, record.RootElement.GetProperty("action").GetString());
        Assert.Equal(isTaken, record.RootElement.GetProperty("success").GetBoolean());
        Assert.Equal("newnewnewnew", record.RootElement.GetProperty("keyFingerprint").GetString());
        Assert.Contains("oldoldoldold", record.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<HttpStatusCode> AskAsync(ApiProcess api, CancellationToken cancellationToken)
    {
        using var request = ApiProcess.Chat("Hello", stream: false, Guid.NewGuid().ToString("N"));
        using var response = await api.Client.SendAsync(request, cancellationToken);
        return response.StatusCode;
    }
}
