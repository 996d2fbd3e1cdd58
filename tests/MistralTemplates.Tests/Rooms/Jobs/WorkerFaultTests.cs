using Acme.App.Tests.StandIn;
using MistralTemplates.Benchmarks.Jobs;
using MistralTemplates.Harness;

namespace MistralTemplates.Tests.Rooms.Jobs;

/// <summary>What would stop every job holds the worker, and carries none of them into the failed ones.</summary>
[Collection(nameof(WorkerProcesses))]
public sealed class WorkerFaultTests : IAsyncLifetime
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("worker-").FullName;
    private WorkerProcesses _processes = null!;
    private MistralStandIn _mistral = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _processes = new WorkerProcesses(_folder, "Single");
        await _processes.BuildAsync(CancellationToken);
        _mistral = await MistralStandIn.StartAsync(CancellationToken);
    }

    [Theory]
    [InlineData("no credit", "mistral.permission")]
    [InlineData("out of reach", "mistral.unavailable")]
    [InlineData("key refused by the moderation", "mistral.authentication")]
    [InlineData("limit reached at the moderation", "mistral.rate_limited")]
    public async Task Fault_ThatIsNoJobsOwn_HoldsTheWorker(string fault, string code)
    {
        if (fault == "no credit")
            _mistral.Enqueue(StandInReply.Error(402, "{}"));
        if (fault == "limit reached at the moderation")
            _mistral.EnqueueFor("/v1/chat/moderations", StandInReply.Error(429, "{}", ("Retry-After", "30")));
        if (fault == "key refused by the moderation")
            _mistral.AcceptedKeys = [];
        await PutAsync();

        await using var worker = _processes.Start(Settings(
            ("Jobs__MaxAttempts", "1"),
            ("Guards__Moderation__Input", fault.EndsWith("moderation", StringComparison.Ordinal) ? "true" : "false"),
            fault == "out of reach" ? ("Mistral__Endpoint", $"http://127.0.0.1:{Access.RedisServer.FreePort()}") : ("Jobs__MaxRetryDelay", "00:10:00")));

        await worker.WaitForAsync(() => worker.Output.Contains("The worker waits for", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        Assert.Contains(code, worker.Output, StringComparison.Ordinal);
        await worker.WaitForAsync(() => Files("waiting").Length == 1, s_timeLimit, CancellationToken);
        Assert.Empty(Files("failed"));
    }

    [Fact]
    public async Task RateLimit_WithoutAWait_HoldsTheWorkerLongerEachTime()
    {
        for (var answer = 0; answer < 2; answer++)
            _mistral.Enqueue(StandInReply.Error(429, "{}", ("Retry-After", "0")));
        await PutAsync();

        await using var worker = _processes.Start(Settings());

        await worker.WaitForAsync(() => Files("done").Length == 1, s_timeLimit, CancellationToken);
        Assert.Equal(3, _mistral.Requests.Count);
        Assert.Contains("\"Pause\":\"00:00:01\"", worker.Output, StringComparison.Ordinal);
        Assert.Contains("\"Pause\":\"00:00:02\"", worker.Output, StringComparison.Ordinal);
    }

    /// <summary>Each hand by itself would wait for its own retries, and ask again before it is time.</summary>
    [Fact]
    public async Task RateLimit_ForAnHour_HoldsTheWorkerAtItsFirstAnswers()
    {
        for (var answer = 0; answer < 20; answer++)
            _mistral.Enqueue(StandInReply.Error(429, "{}", ("Retry-After", "3600")));
        await using (var store = await JobStore.OpenAsync("Single", _folder, CancellationToken))
            await store.PutAsync(0, 9);

        await using var worker = _processes.Start(Settings(("Mistral__Resilience__MaxRetries", "3"), ("Jobs__Concurrency", "2")));

        await worker.WaitForAsync(() => worker.Output.Contains("\"Pause\":\"00:10:00", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken);
        Assert.InRange(_mistral.Requests.Count, 1, 2);
        Assert.Empty(Files("failed"));
    }

    [Fact]
    public async Task Queue_ThatCannotBeOpened_IsSaidByTheHealth()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "jobs"), "no folder", CancellationToken);

        await using var worker = _processes.Start(Settings());

        await worker.WaitForAsync(() => worker.Output.Contains("The queue cannot be read", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        await worker.WaitForAsync(
            () => File.Exists(HealthFile) && File.ReadAllText(HealthFile).Contains("The queue cannot be read or written.", StringComparison.Ordinal),
            s_timeLimit, CancellationToken);
        Assert.InRange(worker.Output.Split("heartbeat failed").Length - 1, 0, 1);
    }

    /// <summary>The others' claims succeed all the while.</summary>
    [Fact]
    public async Task Result_ThatCannotBeWritten_IsSaidByTheHealthAndOnceByTheLog_AndIsNotCountedAsDone()
    {
        await using (var worker = _processes.Start(Settings(("Jobs__Concurrency", "3"))))
        {
            var blocker = await BlockResultAsync(worker);
            await worker.WaitForAsync(() => worker.Output.Contains("The queue cannot be read", StringComparison.Ordinal), s_timeLimit, CancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(3), CancellationToken);

            Assert.Contains("The queue cannot be read or written.", Health(), StringComparison.Ordinal);
            Assert.Equal(2, worker.Output.Split("The queue cannot be read").Length);
            Assert.DoesNotContain("The queue answers again", worker.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("jobs done", worker.Output, StringComparison.Ordinal);

            Directory.Delete(blocker);
            await worker.WaitForAsync(() => Files("done").Length == 1, s_timeLimit, CancellationToken);
            await worker.WaitForAsync(() => worker.Output.Contains("The queue answers again", StringComparison.Ordinal), s_timeLimit, CancellationToken);
            await worker.WaitForAsync(() => !Health().Contains("problem", StringComparison.Ordinal), s_timeLimit, CancellationToken);
            await worker.WaitForAsync(() => worker.Output.Contains("jobs done", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        }
    }

    [Fact]
    public async Task Stop_WhileAResultCannotBeWritten_GivesTheJobBackUncounted()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that asks a program to end.");
        await using var worker = _processes.Start(Settings());
        await BlockResultAsync(worker);
        await worker.WaitForAsync(() => worker.Output.Contains("The queue cannot be read", StringComparison.Ordinal), s_timeLimit, CancellationToken);

        Assert.Equal(0, await worker.StopAsync(CancellationToken));

        Assert.StartsWith("0~", Path.GetFileName(Assert.Single(Files("waiting"))), StringComparison.Ordinal);
        Assert.DoesNotContain("could not be given back", worker.Output, StringComparison.Ordinal);
    }

    /// <summary>Such a job held all others for ever.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_ThatEndsWithoutAnAnswer_CountsAgainstItsJobAlone(bool isReset)
    {
        using var rude = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        rude.Start();
        var serving = HangUpAsync(rude, isReset);
        await PutAsync();

        await using (var worker = _processes.Start(Settings(
            ("Mistral__Endpoint", $"http://{rude.LocalEndpoint}"), ("Jobs__MaxAttempts", "2"), ("Jobs__RetryDelay", "00:00:00.050"))))
        {
            await worker.WaitForAsync(() => Files("failed").Length == 2, s_timeLimit, CancellationToken);
            Assert.DoesNotContain("The worker waits for", worker.Output, StringComparison.Ordinal);
        }

        rude.Stop();
        await serving;
        Assert.Contains(Files("failed"), file => File.ReadAllText(file).Contains("mistral.unavailable", StringComparison.Ordinal));
    }

    [Fact]
    public async Task JobsStatus_NamesThePlace_AndFailsWhereThereIsNone()
    {
        await PutAsync();
        var failed = Directory.CreateDirectory(Path.Combine(_folder, "jobs", "failed")).FullName;
        await File.WriteAllTextAsync(Path.Combine(failed, "bad.json"), "{}", CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(failed, "bad.reason.json"), """{"id":"bad","code":"request.invalid","reason":"It breaks a rule.","fields":{"model":["Name another."]}}""", CancellationToken);

        var here = await _processes.RunAsync(Settings(), "jobs", "status");
        var nowhere = await _processes.RunAsync(Settings(("Jobs__Folder__Path", Path.Combine(_folder, "nowhere"))), "jobs", "status");

        Assert.Equal((0, 1), (here.ExitCode, nowhere.ExitCode));
        Assert.Equal(
            [$"The jobs in {Path.Combine(_folder, "jobs")}:", "waiting\t1", "delayed\t0", "working\t0", "done\t0", "failed\t1", "bad\trequest.invalid\tIt breaks a rule. Name another."],
            here.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"There is no folder '{Path.Combine(_folder, "nowhere")}' that", nowhere.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_ThatIsAwayForAnotherReason_IsToldAgain()
    {
        if (!JobKillTests.HasRedis())
            Assert.Skip("redis-server is not installed.");
        var processes = new WorkerProcesses(_folder, "Redis");
        await processes.BuildAsync(CancellationToken);
        var port = Access.RedisServer.FreePort();
        await using var worker = processes.Start(processes.Settings(0, ("Redis__Endpoint", $"127.0.0.1:{port}"), ("Jobs__Heartbeat", "00:00:00.200")));
        await worker.WaitForAsync(() => worker.Output.Contains("The queue cannot be read", StringComparison.Ordinal), s_timeLimit, CancellationToken);

        string[] replica = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--replicaof", "127.0.0.1", "1"];
        await using var redis = RunningProgram.Start("redis-server", replica, _folder);

        await worker.WaitForAsync(() => Told() > 0, s_timeLimit, CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(3), CancellationToken);
        Assert.Equal(1, Told());

        int Told() => worker.Output.Split('\n').Count(line =>
            line.Contains("The queue cannot be read", StringComparison.Ordinal) && line.Contains("READONLY", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await _mistral.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string HealthFile => Path.Combine(_folder, "health-0.json");

    private string[] Files(string folder) =>
        Directory.Exists(Path.Combine(_folder, "jobs", folder)) ? Directory.GetFiles(Path.Combine(_folder, "jobs", folder)) : [];

    private string Health() => File.Exists(HealthFile) ? File.ReadAllText(HealthFile) : "";

    /// <summary>Puts a job in whose result meets a folder in its place.</summary>
    private async Task<string> BlockResultAsync(RunningProgram worker)
    {
        var working = Path.Combine(_folder, "jobs", "working");
        await worker.WaitForAsync(() => worker.Output.Contains("Jobs are taken from", StringComparison.Ordinal), s_timeLimit, CancellationToken);
        var blocker = Path.Combine(Directory.GetDirectories(working).Single(), $"1~{JobStore.Name(0)}.json.tmp");
        Directory.CreateDirectory(blocker);
        await PutAsync();
        return blocker;
    }

    private static async Task HangUpAsync(System.Net.Sockets.TcpListener rude, bool isReset)
    {
        try
        {
            while (true)
            {
                using var connection = await rude.AcceptSocketAsync(CancellationToken);
                await connection.ReceiveAsync(new byte[1], CancellationToken);
                await Task.Delay(100, CancellationToken);
                if (isReset)
                    connection.LingerState = new(true, 0);
                else
                    connection.Receive(new byte[65536]);
            }
        }
        catch (System.Net.Sockets.SocketException)
        {
            // It was stopped.
        }
    }

    private async Task PutAsync()
    {
        await using var store = await JobStore.OpenAsync("Single", _folder, CancellationToken);
        await store.PutAsync(0, 1);
    }

    private Dictionary<string, string> Settings(params (string Name, string Value)[] more) => _processes.Settings(0,
    [
        ("Mistral__Offline", "false"), ("Mistral__Endpoint", _mistral.Endpoint.ToString()), ("MISTRAL_API_KEY_DEV", MistralStandIn.UsualKey),
        ("Mistral__Resilience__MaxRetries", "0"), ("Jobs__Heartbeat", "00:00:00.200"), ("Jobs__Folder__Path", Path.Combine(_folder, "jobs")), .. more,
    ]);
}
