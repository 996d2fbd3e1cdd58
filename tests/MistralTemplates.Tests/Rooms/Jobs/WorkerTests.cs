using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Acme.App.Tests.StandIn;
using MistralTemplates.Benchmarks.Jobs;
using MistralTemplates.Harness;
using StackExchange.Redis;

namespace MistralTemplates.Tests.Rooms.Jobs;

/// <summary>The worker as a process, between a queue and a stand-in for Mistral.</summary>
[Collection(nameof(WorkerProcesses))]
public sealed class WorkerTests : IAsyncLifetime
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("worker-").FullName;
    private WorkerProcesses _processes = null!;
    private MistralStandIn _mistral = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private string Jobs => Path.Combine(_folder, "jobs");

    private JsonElement Health => JsonElement.Parse(File.ReadAllText(Path.Combine(_folder, "health-0.json")));

    public async ValueTask InitializeAsync()
    {
        _processes = new WorkerProcesses(_folder, "Single");
        await _processes.BuildAsync(CancellationToken);
        _mistral = await MistralStandIn.StartAsync(CancellationToken);
    }

    [Fact]
    public async Task Stop_InTheMidstOfAJob_GivesItBackUncounted()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that asks a program to end.");
        _mistral.Enqueue(StandInReply.Answer("Never seen.") with { Delay = TimeSpan.FromMinutes(5) });
        await PutAsync(1);
        await using (var stopped = _processes.Start(Settings()))
        {
            await stopped.WaitForAsync(() => _mistral.Requests.Count > 0, s_timeLimit, CancellationToken);
            Assert.True(await stopped.StopAsync(CancellationToken) == 0, stopped.Output);
        }

        var waiting = Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(Jobs, "waiting"))));
        Assert.Equal(("0", "job-000000.json"), (waiting.Split('~')[0], waiting.Split('~')[2]));
        Assert.False(File.Exists(Path.Combine(_folder, "health-0.json")));

        await using var next = _processes.Start(Settings());
        Assert.Equal(1, (await ResultAsync(next, 0)).GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task Key_RefusedByMistral_HoldsTheWorkerAndFailsNoJob()
    {
        _mistral.AcceptedKeys = [];
        await PutAsync(3);
        await using var worker = _processes.Start(Settings());

        await worker.WaitForAsync(() => Problem() is not null, s_timeLimit, CancellationToken);
        Assert.Equal(1, (await _processes.RunAsync(Settings(), "jobs", "health")).ExitCode);
        Assert.Empty(Directory.GetFiles(Path.Combine(Jobs, "failed")));

        _mistral.AcceptedKeys = [MistralStandIn.UsualKey];
        for (var job = 0; job < 3; job++)
            Assert.Equal(1, (await ResultAsync(worker, job)).GetProperty("attempts").GetInt32());
        await worker.WaitForAsync(() => Problem() is null, s_timeLimit, CancellationToken);
        Assert.Equal(0, (await _processes.RunAsync(Settings(), "jobs", "health")).ExitCode);
    }

    [Fact]
    public async Task Key_RefusedAtTheScheduledCheck_IsSaidInTheHealthFileUntilItIsAccepted()
    {
        await using var worker = _processes.Start(Settings(("Jobs__KeyCheckInterval", "00:00:01")));
        await worker.WaitForAsync(() => worker.Output.Contains("Accepted", StringComparison.Ordinal), s_timeLimit, CancellationToken);

        _mistral.AcceptedKeys = [];
        await worker.WaitForAsync(() => Problem() == "Mistral refused the key at the last check. Run 'keys rotate'.", s_timeLimit, CancellationToken);

        _mistral.AcceptedKeys = [MistralStandIn.UsualKey];
        await worker.WaitForAsync(() => Problem() is null, s_timeLimit, CancellationToken);
        Assert.DoesNotContain(MistralStandIn.UsualKey, worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_ThatGrowsOld_IsWarnedOf()
    {
        await using var worker = _processes.Start(Settings(("Keys__MaxAge", "00:00:20"), ("Keys__PollInterval", "00:00:01")));

        await worker.WaitForAsync(() => worker.Output.Contains("will soon be older than Keys:MaxAge allows", StringComparison.Ordinal), s_timeLimit, CancellationToken);
    }

    [Fact]
    public async Task Job_WithAByteOrderMark_IsAnswered()
    {
        var inbox = Directory.CreateDirectory(Path.Combine(Jobs, "inbox")).FullName;
        await File.WriteAllTextAsync(Path.Combine(inbox, JobStore.Name(0) + ".json"), WorkerProcesses.Job(0), Encoding.UTF8, CancellationToken);

        await using var worker = _processes.Start(Settings());

        Assert.Equal(1, (await ResultAsync(worker, 0)).GetProperty("attempts").GetInt32());
    }

    /// <summary>As an archive of another time zone unpacks it.</summary>
    [Fact]
    public async Task Job_OfTomorrow_IsAnsweredToday()
    {
        await PutAsync(1);
        File.SetLastWriteTimeUtc(Directory.GetFiles(Path.Combine(Jobs, "inbox")).Single(), DateTime.UtcNow.AddDays(1));

        await using var worker = _processes.Start(Settings());

        Assert.Equal(1, (await ResultAsync(worker, 0)).GetProperty("attempts").GetInt32());
    }

    /// <summary>To open a pipe waits for whoever writes to it, and a link leads to what its maker may not read.</summary>
    [Theory]
    [InlineData("mkfifo", "job.malformed", "pipe.json")]
    [InlineData("ln", "job.unreadable", "-s", "../../elsewhere.json", "link.json")]
    public async Task Job_ThatIsNoFile_FailsAndHoldsNobodyUp(string program, string code, params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no such file here.");
        var inbox = Directory.CreateDirectory(Path.Combine(Jobs, "inbox")).FullName;
        await File.WriteAllTextAsync(Path.Combine(_folder, "elsewhere.json"), WorkerProcesses.Job(7), CancellationToken);
        (await Command.RunAsync(program, arguments, inbox, s_timeLimit, CancellationToken)).EnsureSuccess(program);
        var reason = Path.Combine(Jobs, "failed", Path.ChangeExtension(arguments[^1], ".reason.json"));

        await using var worker = _processes.Start(Settings());
        await worker.WaitForAsync(() => File.Exists(reason), s_timeLimit, CancellationToken);
        await PutAsync(1);

        await ResultAsync(worker, 0);
        Assert.Equal(code, JsonElement.Parse(await File.ReadAllTextAsync(reason, CancellationToken)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Start_HealthFileThatCannotBeWritten_IsAWrongConfigurationWithoutAStackTrace()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "file"), "", CancellationToken);

        var worker = await _processes.RunAsync(Settings(("Jobs__HealthFile", Path.Combine(_folder, "file", "health.json"))));

        Assert.Equal(78, worker.ExitCode);
        Assert.Contains("Jobs:HealthFile", worker.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", worker.Output + worker.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_AwayForManyPolls_IsToldOnceAndOnceWhenItIsBack()
    {
        var (inbox, away) = (Path.Combine(Jobs, "inbox"), Path.Combine(Jobs, "away"));
        await using var worker = _processes.Start(Settings(("Jobs__PollInterval", "00:00:00.050")));
        await worker.WaitForAsync(() => worker.Output.Contains("Jobs are taken from", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        Directory.Move(inbox, away);
        await worker.WaitForAsync(() => worker.Output.Contains("The queue cannot be read", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken);
        Directory.Move(away, inbox);
        await worker.WaitForAsync(() => worker.Output.Contains("The queue answers again", StringComparison.Ordinal), s_timeLimit, CancellationToken);

        Assert.Equal(2, worker.Output.Split("The queue cannot be read").Length);
    }

    /// <summary>Sixty in a minute: one at once, and one more each second.</summary>
    [Fact]
    public async Task Rate_OfRequests_IsHeld()
    {
        await PutAsync(3);
        await using (var worker = _processes.Start(Settings(("Jobs__RequestsPerMinute", "60"))))
        {
            for (var job = 0; job < 3; job++)
                await ResultAsync(worker, job);
        }

        var attempts = (await File.ReadAllLinesAsync(Path.Combine(_folder, "audit-0", "audit.jsonl"), CancellationToken)).Select(line => JsonElement.Parse(line))
            .Where(record => record.GetProperty("action").GetString() == "job.attempted").Select(record => record.GetProperty("timestamp").GetDateTime()).ToArray();
        Assert.Equal(3, attempts.Length);
        Assert.True(attempts[2] - attempts[0] > TimeSpan.FromSeconds(0.9), $"{attempts[2] - attempts[0]}");
    }

    /// <summary>A parent that bears its name is what tells a process that systemd started it.</summary>
    [Fact]
    public async Task Service_StartedBySystemd_SaysWhenItIsReadyAndWhenItStops()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no systemd here.");
        var (systemd, path) = (Path.Combine(_folder, "systemd"), Path.Combine(_folder, "notify"));
        File.Copy("/bin/sh", systemd);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        var settings = Settings(("NOTIFY_SOCKET", path));

        await using var parent = RunningProgram.Start(systemd, ["-c", $"dotnet exec '{_processes.ProgramFile}' & trap 'kill $!' TERM; wait $!; wait $!"], _folder, settings);

        Assert.Contains("READY=1", await ReceiveAsync(socket, parent), StringComparison.Ordinal);
        await parent.StopAsync(CancellationToken);
        Assert.Contains("STOPPING=1", await ReceiveAsync(socket, parent), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JobsRetry_OfAJobThatFailedOnRedis_PutsItBack()
    {
        if (!JobKillTests.HasRedis())
            Assert.Skip("redis-server is not installed.");
        var processes = new WorkerProcesses(_folder, "Redis");
        await processes.BuildAsync(CancellationToken);
        await using var store = await JobStore.OpenAsync("Redis", _folder, CancellationToken);
        var settings = processes.Settings(0, store.Settings);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(settings["Redis__Endpoint"]);
        await redis.GetDatabase().StreamAddAsync("mistral:{jobs}:inbox", [new("id", "first"), new("job", "{ not json")]);
        foreach (var name in (string[])["third", "fourth"])
            await redis.GetDatabase().StreamAddAsync("mistral:{jobs}:inbox", [new("id", name), new("job", """{"id":"order-3","user":"ada","messages":[]}""")]);
        await using (var worker = processes.Start(settings))
            await WaitAsync(async () => await store.EndedAsync() == 3, worker);

        var status = await processes.RunAsync(settings, "jobs", "status", "--format", "json");
        var newest = await processes.RunAsync(settings, "jobs", "status", "--most", "1");
        var unknown = await processes.RunAsync(settings, "jobs", "retry", "second");
        var put = await processes.RunAsync(settings, "jobs", "retry", "first");
        var all = await processes.RunAsync(settings, "jobs", "retry", "--all");
        var wrong = await processes.RunAsync(settings, "jobs", "retry", "--all", "first");
        var after = await processes.RunAsync(settings, "jobs", "status", "--format", "json");

        Assert.Equal((0, 1, 0, 0, 2), (status.ExitCode, unknown.ExitCode, put.ExitCode, all.ExitCode, wrong.ExitCode));
        var failures = JsonElement.Parse(status.Output).GetProperty("failed").EnumerateArray().ToDictionary(failure => failure.GetProperty("id").GetString()!);
        Assert.Equal("job.malformed", failures["first"].GetProperty("code").GetString());
        Assert.Equal("order-3", failures["third"].GetProperty("ownId").GetString());
        // Several hands work at once: any of the three may have failed last.
        Assert.Matches("(?m)^(first\tjob.malformed|(third|fourth)\trequest.invalid)\t[^\t\n]+\n2 more have failed", newest.Output);
        Assert.Contains("No failed job is called 'second'.", unknown.Error, StringComparison.Ordinal);
        Assert.StartsWith("2 jobs were put back.", all.Output, StringComparison.Ordinal);
        Assert.Equal((3, 0), (JsonElement.Parse(after.Output).GetProperty("jobs").GetProperty("waiting").GetInt32(), JsonElement.Parse(after.Output).GetProperty("failed").GetArrayLength()));
    }

    public async ValueTask DisposeAsync()
    {
        await _mistral.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> ReceiveAsync(Socket socket, RunningProgram program)
    {
        var buffer = new byte[256];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        limit.CancelAfter(s_timeLimit);
        try
        {
            return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
        }
        catch (OperationCanceledException) when (!CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(program.Output);
        }
    }

    private static async Task WaitAsync(Func<Task<bool>> condition, RunningProgram worker)
    {
        var limit = DateTime.UtcNow + s_timeLimit;
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < limit, worker.Output);
            await Task.Delay(50, CancellationToken);
        }
    }

    private async Task PutAsync(int count)
    {
        await using var store = await JobStore.OpenAsync("Single", _folder, CancellationToken);
        await store.PutAsync(0, count);
    }

    private async Task<JsonElement> ResultAsync(RunningProgram worker, int job)
    {
        var file = Path.Combine(Jobs, "done", JobStore.Name(job) + ".json");
        await worker.WaitForAsync(() => File.Exists(file), s_timeLimit, CancellationToken);
        return JsonElement.Parse(await File.ReadAllTextAsync(file, CancellationToken));
    }

    private string? Problem() => File.Exists(Path.Combine(_folder, "health-0.json")) && Health.TryGetProperty("problem", out var problem) ? problem.GetString() : null;

    private Dictionary<string, string> Settings(params (string Name, string Value)[] more) => _processes.Settings(0,
    [
        ("Mistral__Offline", "false"), ("Mistral__Endpoint", _mistral.Endpoint.ToString()), ("MISTRAL_API_KEY_DEV", MistralStandIn.UsualKey),
        ("Mistral__Resilience__MaxRetries", "0"), ("Jobs__Heartbeat", "00:00:00.200"), ("Jobs__Folder__Path", Jobs), .. more,
    ]);
}
