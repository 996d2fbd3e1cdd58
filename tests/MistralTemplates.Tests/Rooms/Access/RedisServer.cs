using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Acme.App.Scale;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>A real redis-server on a free port of loopback, which keeps nothing and lets the programs do no more than the README says.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    /// <summary>What the output's README lets a program do in Redis.</summary>
    public const string AccessRules = "~mistral:* +@read +@write +@scripting +@connection +time -@dangerous";

    private const string User = "app";
    private const int Starts = 3;

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private RedisServer(Process process, int port, string password) => (_process, Port, Password) = (process, port, password);

    public int Port { get; }

    public string Password { get; }

    public static async Task<RedisServer> StartAsync(CancellationToken cancellationToken, params string[] more)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, "redis-server"))))
            Assert.Skip("redis-server is not installed.");
        // Between the look for a free port and the server's start another program may take it.
        for (var start = 0; start < Starts; start++)
        {
            var server = Start(more);
            if (await server.AnswersAsync(cancellationToken))
                return server;
            await server.DisposeAsync();
        }

        throw new InvalidOperationException("redis-server does not answer.");
    }

    /// <summary>A connection of its own, as each replica has one.</summary>
    public RedisConnection Connect(TimeSpan? commandTimeout = null) => ConnectTo(Port, User, Password, commandTimeout);

    /// <summary>What a program needs to find this server.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Redis__Endpoint"] = $"127.0.0.1:{Port}",
        ["Redis__User"] = User,
        ["Redis__Password"] = Password,
    };

    /// <summary>Whether a program has left a key here.</summary>
    public bool Holds(string key)
    {
        using var connection = StackExchange.Redis.ConnectionMultiplexer.Connect($"127.0.0.1:{Port},password={Password}");
        return connection.GetDatabase().KeyExists(key);
    }

    /// <summary>Tells the server what only its operator may.</summary>
    /// <returns>The answer, as text.</returns>
    public async Task<string> CommandAsync(string command, params object[] arguments)
    {
        await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{Port},password={Password},allowAdmin=true");
        return (await connection.GetDatabase().ExecuteAsync(command, arguments)).ToString();
    }

    /// <summary>How many keys programs have left here.</summary>
    public async Task<long> CountKeysAsync(CancellationToken cancellationToken)
    {
        await using var connection = Connect();
        return await (await connection.DatabaseAsync(cancellationToken)).Multiplexer.GetServers()[0].DatabaseSizeAsync();
    }

    /// <summary>A connection to a port where nobody listens.</summary>
    public static RedisConnection ConnectToNobody() => ConnectTo(FreePort(), User, "none");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static RedisServer Start(string[] more)
    {
        var port = FreePort();
        var password = Guid.NewGuid().ToString("N");
        string[] arguments = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", password, "--dir", Path.GetTempPath(),
            "--user", User, "on", ">" + password, .. AccessRules.Split(' '), .. more];
        var process = Process.Start(new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true })!;
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        return new RedisServer(process, port, password);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        // A client that comes too early waits a second before it tries again.
        while (IsStarting() && !await ListensAsync(cancellationToken))
            await Task.Delay(5, cancellationToken);
        await using var connection = Connect();
        while (IsStarting())
        {
            if (await connection.CheckAsync(cancellationToken) is null)
                return true;
            await Task.Delay(50, cancellationToken);
        }

        return false;

        bool IsStarting() => !_process.HasExited && Stopwatch.GetElapsedTime(started) < s_startLimit;
    }

    private async Task<bool> ListensAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static RedisConnection ConnectTo(int port, string user, string password, TimeSpan? commandTimeout = null) => new(Options.Create(new RedisOptions
    {
        Endpoint = $"127.0.0.1:{port}",
        User = user,
        Password = password,
        CommandTimeout = commandTimeout ?? TimeSpan.FromSeconds(10),
        ConnectTimeout = TimeSpan.FromSeconds(2),
    }));
}
