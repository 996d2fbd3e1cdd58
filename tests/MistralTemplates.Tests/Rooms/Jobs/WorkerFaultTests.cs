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

    public async ValueTask DisposeAsync()
    {
        await _mistral.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string HealthFile => Path.Combine(_folder, "health-0.json");

    private string[] Files(string folder) =>
        Directory.Exists(Path.Combine(_folder, "jobs", folder)) ? Directory.GetFiles(Path.Combine(_folder, "jobs", folder)) : [];

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
