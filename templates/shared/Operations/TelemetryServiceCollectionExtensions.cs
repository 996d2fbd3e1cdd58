using Acme.App.Configuration;
using Acme.App.Mistral;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Acme.App.Operations;

internal static class TelemetryServiceCollectionExtensions
{
    private const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] s_endpointSettings =
        [EndpointSetting, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"];

    /// <summary>
    /// Sends traces, metrics and logs over OTLP, once <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; OpenTelemetry's other variables
    /// hold as well. No prompt, answer or key is in any of them.
    /// </summary>
    public static IHostApplicationBuilder AddTelemetry(this IHostApplicationBuilder builder)
    {
        string[] set = [.. s_endpointSettings.Where(setting => !string.IsNullOrEmpty(builder.Configuration[setting]))];
        if (set.Length == 0)
            return builder;
        // OpenTelemetry itself would send nothing, and say nothing.
        if (Array.Find(set, setting => !IsAddress(builder.Configuration[setting])) is { } wrong)
            return builder.Refuse(wrong, "It is not an http or https address.", "Set it to where the collector takes OTLP, for example http://localhost:4317.");
        if (set[0] != EndpointSetting)
            return builder.Refuse(
                set[0], $"Nothing is sent while {EndpointSetting} is not set.", $"Set {EndpointSetting} to where all signals go; this one may go elsewhere.");

        // What a client logs of its requests at the level Trace has the collector's credentials in their headers.
        foreach (var exporter in new[] { "OtlpTraceExporter", "OtlpMetricExporter", "OtlpLogExporter" })
            builder.Services.AddHttpClient(exporter).RemoveAllLoggers();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName).AddEnvironmentVariableDetector())
            .WithTracing(traces => traces.AddSource("Microsoft.AspNetCore", "System.Net.Http", MistralServiceCollectionExtensions.TelemetrySource))
            .WithMetrics(metrics => metrics.AddMeter(
                "Acme.App.*", MistralServiceCollectionExtensions.TelemetrySource, "System.Net.Http",
                "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel",
                "Microsoft.AspNetCore.RateLimiting", "Microsoft.AspNetCore.Authentication"))
            .WithLogging()
            .UseOtlpExporter();
        return builder;
    }

    private static bool IsAddress(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);

    private static IHostApplicationBuilder Refuse(this IHostApplicationBuilder builder, string setting, string problem, string remedy)
    {
        builder.Services.AddSingleton(new StartUpCheck(
            (_, _) => throw new ConfigurationException([new(setting, builder.Configuration.OriginOf(setting), problem, remedy)])));
        return builder;
    }
}
