using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace MistralTemplates.Tests.Rooms.Auditing;

/// <summary>What a careless handler would do: each way to leak the request's key and prompt.</summary>
internal sealed class LeakingHandler(string how, string key, string prompt, ILogger logger) : DelegatingHandler
{
    private static readonly Meter s_meter = new(nameof(LeakingHandler));
    private static readonly Counter<long> s_counter = s_meter.CreateCounter<long>("leaks");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        switch (how)
        {
            case "log": logger.LogInformation("Asking with {Key}: {Prompt}", key, prompt); break;
            case "trace": Activity.Current?.SetTag("asked", $"{key} {prompt}"); break;
            case "metric": s_counter.Add(1, new KeyValuePair<string, object?>("key", key)); break;
        }

        var response = await base.SendAsync(request, cancellationToken);
        return how == "exception" && !response.IsSuccessStatusCode ? throw new InvalidOperationException($"Refused: {prompt}") : response;
    }
}
