using System.Globalization;
using System.Text.Json;
using MistralTemplates.Harness;
using StackExchange.Redis;

namespace MistralTemplates.Benchmarks.Jobs;

/// <summary>The queue as somebody outside sees it: puts jobs, and counts what came of them.</summary>
internal abstract class JobStore : IAsyncDisposable
{
    public abstract (string Name, string Value)[] Settings { get; }

    public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"job-{number:D6}");

    public static async Task<JobStore> OpenAsync(string scale, string folder, CancellationToken cancellationToken) =>
        scale == "Redis" ? await RedisJobStore.StartAsync(folder, cancellationToken) : new FolderJobStore(Path.Combine(folder, "jobs"));

    public abstract Task PutAsync(int first, int count);

    /// <summary>How many jobs have ended.</summary>
    public abstract Task<int> EndedAsync();

    /// <summary>The names of what ended, one for each end, and the attempts of each that is done.</summary>
    public abstract Task<(List<string> Ends, Dictionary<string, int> Attempts)> ResultsAsync();

    public abstract ValueTask DisposeAsync();

    protected static int AttemptsIn(string json) => JsonDocument.Parse(json).RootElement.GetProperty("attempts").GetInt32();
}

internal sealed class FolderJobStore(string folder) : JobStore
{
    public override (string Name, string Value)[] Settings => [("Jobs__Folder__Path", folder)];

    public override async Task PutAsync(int first, int count)
    {
        var inbox = Directory.CreateDirectory(Path.Combine(folder, "inbox")).FullName;
        var draft = Path.Combine(folder, "draft");
        foreach (var number in Enumerable.Range(first, count))
        {
            await File.WriteAllTextAsync(draft, WorkerProcesses.Job(number));
            File.Move(draft, Path.Combine(inbox, Name(number) + ".json"));
        }
    }

    public override Task<int> EndedAsync() => Task.FromResult(Files("done").Count() + Files("failed").Count(file => file.EndsWith(".reason.json", StringComparison.Ordinal)));

    public override async Task<(List<string> Ends, Dictionary<string, int> Attempts)> ResultsAsync()
    {
        var attempts = new Dictionary<string, int>();
        foreach (var file in Files("done"))
            attempts[Path.GetFileNameWithoutExtension(file)] = AttemptsIn(await File.ReadAllTextAsync(file));
        var failed = Files("failed").Where(file => !file.EndsWith(".reason.json", StringComparison.Ordinal)).Select(file => Path.GetFileNameWithoutExtension(file)!);
        // A killed worker's lock is no job: it goes with the next heartbeat of another.
        var working = Directory.EnumerateFiles(Path.Combine(folder, "working"), "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal));
        var left = Files("inbox").Concat(Files("waiting")).Concat(working).ToList();
        if (left.Count > 0)
            throw new InvalidOperationException($"Left behind: {string.Join(", ", left.Take(10).Select(Path.GetFileName))}");
        return ([.. attempts.Keys, .. failed], attempts);
    }

    public override ValueTask DisposeAsync() => default;

    private IEnumerable<string> Files(string name) => Directory.Exists(Path.Combine(folder, name)) ? Directory.EnumerateFiles(Path.Combine(folder, name)) : [];
}

internal sealed class RedisJobStore(RunningProgram server, ConnectionMultiplexer connection, int port) : JobStore
{
    private const string Prefix = "mistral:{jobs}:";

    private readonly IDatabase _database = connection.GetDatabase();

    public override (string Name, string Value)[] Settings => [("Redis__Endpoint", $"127.0.0.1:{port}"), ("Redis__KeyPrefix", "mistral:"), ("Jobs__Heartbeat", "00:00:00.250")];

    public static async Task<RedisJobStore> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var server = RunningProgram.Start("redis-server", ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--dir", folder], folder);
        await server.WaitForAsync(() => server.Output.Contains("Ready to accept connections", StringComparison.Ordinal), TimeSpan.FromSeconds(20), cancellationToken);
        return new RedisJobStore(server, await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port}"), port);
    }

    public override Task PutAsync(int first, int count) => Task.WhenAll(Enumerable.Range(first, count).Select(number =>
        _database.StreamAddAsync(Prefix + "inbox", [new("id", Name(number)), new("job", WorkerProcesses.Job(number))])));

    public override async Task<int> EndedAsync() => (int)await _database.HashGetAsync(Prefix + "counts", "done") + (int)await _database.StreamLengthAsync(Prefix + "failed");

    public override async Task<(List<string> Ends, Dictionary<string, int> Attempts)> ResultsAsync()
    {
        var attempts = new Dictionary<string, int>();
        await foreach (var key in connection.GetServers()[0].KeysAsync(pattern: Prefix.Replace("{", "\\{", StringComparison.Ordinal) + "done:*", pageSize: 1000))
            attempts[key.ToString()[(Prefix + "done:").Length..]] = AttemptsIn((await _database.StringGetAsync(key)).ToString());
        var failed = (await _database.StreamRangeAsync(Prefix + "failed")).Select(entry => entry["id"].ToString());
        if (await _database.StreamLengthAsync(Prefix + "inbox") + await _database.SortedSetLengthAsync(Prefix + "delayed") is > 0 and var left)
            throw new InvalidOperationException($"Left behind: {left} jobs.");
        return ([.. attempts.Keys, .. failed], attempts);
    }

    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await server.DisposeAsync();
    }
}
