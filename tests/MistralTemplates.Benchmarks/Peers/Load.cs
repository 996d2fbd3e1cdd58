using System.Globalization;
using System.Text.RegularExpressions;
using MistralTemplates.Harness;

namespace MistralTemplates.Benchmarks.Peers;

/// <summary>What <c>wrk</c> measured in one run.</summary>
internal sealed partial record Load(double RequestsPerSecond, double P50, double P99, int Errors)
{
    private const int Connections = 32;

    /// <summary>Asks a server from 32 connections for some seconds.</summary>
    public static async Task<Load> RunAsync(Peer peer, Uri address, int seconds, string folder, CancellationToken cancellationToken)
    {
        var script = Path.Combine(folder, "request.lua");
        var headers = peer.Headers.Append(new("Content-Type", "application/json")).Select(header => $"wrk.headers['{header.Key}'] = '{header.Value}'\n");
        await File.WriteAllTextAsync(script, $"wrk.method = 'POST'\nwrk.body = [[{peer.Body}]]\n{string.Concat(headers)}", cancellationToken);
        var result = await Command.RunAsync(
            "wrk", ["-t1", $"-c{Connections}", $"-d{seconds}s", "--latency", "--timeout", "10s", "-s", script, address.ToString()], folder, TimeSpan.FromSeconds(seconds + 30), cancellationToken);
        result.EnsureSuccess("wrk");
        return new Load(
            double.Parse(Rate().Match(result.Output).Groups[1].Value, CultureInfo.InvariantCulture),
            Milliseconds(Percentile50().Match(result.Output)),
            Milliseconds(Percentile99().Match(result.Output)),
            Failures().Match(result.Output) is { Success: true } failures ? int.Parse(failures.Groups[1].Value, CultureInfo.InvariantCulture) : 0);
    }

    private static double Milliseconds(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch
    {
        "us" => 0.001,
        "ms" => 1,
        _ => 1000,
    };

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Percentile50();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Percentile99();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex Failures();
}
