using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Peers;

/// <summary>A server to be measured: how it is started, and what it is asked.</summary>
/// <param name="Arguments">Given the port; the first is the program.</param>
/// <param name="Body">What is posted; null asks by GET.</param>
internal sealed record Peer(
    string Name, Func<int, string[]> Arguments, string Path, string? Body, IReadOnlyDictionary<string, string> Headers, Func<int, Dictionary<string, string>> Environment, string Folder)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>Starts the server and waits for its first good answer.</summary>
    public async Task<(RunningProgram Program, Uri Address, TimeSpan StartUp)> StartAsync(CancellationToken cancellationToken)
    {
        var port = FreePort();
        var address = new Uri($"http://127.0.0.1:{port}{Path}");
        var command = Arguments(port);
        using var client = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        var program = RunningProgram.Start(command[0], command[1..], Folder, Environment(port));
        var last = "no answer";
        while (Stopwatch.GetElapsedTime(started) < StartLimit)
        {
            try
            {
                using var response = await client.SendAsync(Request(address), cancellationToken);
                if (response.IsSuccessStatusCode)
                    return (program, address, Stopwatch.GetElapsedTime(started));
                last = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}";
            }
            catch (HttpRequestException)
            {
                await Task.Delay(5, cancellationToken);
            }
        }

        await using (program)
            throw new InvalidOperationException($"{Name} did not answer well within {StartLimit.TotalSeconds} seconds: {last}\n{program.Output}");
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private HttpRequestMessage Request(Uri address)
    {
        var request = new HttpRequestMessage(Body is null ? HttpMethod.Get : HttpMethod.Post, address);
        if (Body is not null)
            request.Content = new StringContent(Body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}
