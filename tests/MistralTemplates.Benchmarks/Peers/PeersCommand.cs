using System.Diagnostics;
using System.Globalization;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Peers;

/// <summary><c>peers</c>: requests per second, latency, memory and start of the generated API beside others', against one constant stand-in, in turn.</summary>
internal static class PeersCommand
{
    private const int Rounds = 1;
    private const int Starts = 15;
    private const int Seconds = 6;

    // A fresh .NET program compiles its busy methods anew under load. On two processors that took from 12 to 40 seconds, by the machine.
    private const int MostWarmUps = 12;
    private const double Progress = 1.02;

    private static readonly Dictionary<string, List<Measurement>> Measurements = [];

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (!IsInstalled("wrk") || !IsInstalled("nginx"))
        {
            await Console.Error.WriteLineAsync(
                "'peers' loads the servers by wrk and puts nginx in Mistral's place, and one of them is not on the PATH. Install them, for example by 'apt-get install wrk nginx-light'; wrk has no build for Windows.");
            return 2;
        }

        var hasNode = IsInstalled("node") && IsInstalled("npm");
        if (!hasNode)
            await Console.Error.WriteLineAsync("The Express endpoint and Portkey's gateway are left out, since node and npm are not on the PATH.");
        var folder = Directory.CreateTempSubdirectory("mistral-templates-peers-").FullName;
        try
        {
            var port = Peer.FreePort();
            var set = new PeerSet(folder, new Uri($"http://127.0.0.1:{port}/"));
            Peer[] peers = [set.Bare, await set.BuildGeneratedAsync(cancellationToken), .. hasNode ? await set.BuildNodeAsync(cancellationToken) : []];
            var stock = await set.BuildStockAsync(cancellationToken);
            await using var standIn = await PlainServers.StartStandInAsync(port, folder, cancellationToken);

            Console.WriteLine($"{System.Runtime.InteropServices.RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var peer in peers)
                    await MeasureAsync(peer, folder, cancellationToken);
            }

            Print(peers[0].Name, await StartInTurnAsync([stock, peers[1]], cancellationToken));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".exe")));

    private static async Task MeasureAsync(Peer peer, string folder, CancellationToken cancellationToken)
    {
        var (program, address, startUp) = await peer.StartAsync(cancellationToken);
        await using (program)
        {
            await WarmUpAsync(peer, address, folder, cancellationToken);
            var before = MemoryOf(program);
            var load = await Load.RunAsync(peer, address, Seconds, folder, cancellationToken);
            if (!Measurements.TryGetValue(peer.Name, out var list))
                Measurements[peer.Name] = list = [];
            list.Add(new Measurement(load, startUp, before, MemoryOf(program)));
        }
    }

    /// <summary>Loads a server until it has twice been no faster than before.</summary>
    private static async Task WarmUpAsync(Peer peer, Uri address, string folder, CancellationToken cancellationToken)
    {
        var (best, standing) = (0.0, 0);
        for (var lap = 0; lap < MostWarmUps && standing < 2; lap++)
        {
            var rate = (await Load.RunAsync(peer, address, Seconds, folder, cancellationToken)).RequestsPerSecond;
            standing = rate > best * Progress ? 0 : standing + 1;
            best = Math.Max(best, rate);
        }
    }

    private static double MemoryOf(RunningProgram program)
    {
        using var process = Process.GetProcessById(program.Id);
        return process.WorkingSet64 / 1e6;
    }

    /// <summary>The median of each one's starts, which take turns: the machine is not as fast in one minute as in the next.</summary>
    private static async Task<TimeSpan[]> StartInTurnAsync(Peer[] peers, CancellationToken cancellationToken)
    {
        var times = Array.ConvertAll(peers, _ => new List<TimeSpan>());
        for (var start = 0; start < Starts; start++)
        {
            foreach (var (peer, startUps) in peers.Zip(times))
            {
                var (program, _, startUp) = await peer.StartAsync(cancellationToken);
                await program.DisposeAsync();
                startUps.Add(startUp);
            }
        }

        return Array.ConvertAll(times, startUps => startUps.Order().ElementAt(Starts / 2));
    }

    private static void Print(string baseline, TimeSpan[] medians)
    {
        var (stockStart, generatedStart) = (medians[0], medians[1]);
        var best = Measurements.ToDictionary(entry => entry.Key, entry => entry.Value.MaxBy(measurement => measurement.Load.RequestsPerSecond)!);
        var bare = best[baseline].Load;
        Console.WriteLine("| server | requests/s | of bare | p50 ms | p99 ms | of bare | MB before | MB after | first answer ms | errors |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (name, (load, startUp, before, after)) in best)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {load.RequestsPerSecond:F0} | {load.RequestsPerSecond / bare.RequestsPerSecond:F2} | {load.P50:F1} | {load.P99:F1} | {load.P99 / bare.P99:F1} | {before:F0} | {after:F0} | {startUp.TotalMilliseconds:F0} | {load.Errors} |"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first answer, median of {Starts} starts: {generatedStart.TotalMilliseconds:F0} ms, stock webapi {stockStart.TotalMilliseconds:F0} ms, ratio {generatedStart / stockStart:F2}"));
    }

    private sealed record Measurement(Load Load, TimeSpan StartUp, double MemoryBefore, double MemoryAfter);
}
