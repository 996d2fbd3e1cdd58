using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry.Trace;

namespace Acme.App.Chat;

internal static class ChatServiceCollectionExtensions
{
    /// <summary>The chat endpoint's JSON, its errors and its health.</summary>
    public static IHostApplicationBuilder AddChat(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, ChatJsonContext.Default);
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        // Before the usual writer, which writes nothing to a caller that does not name JSON among what it accepts.
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ChatProblems>();
        builder.Services.AddOpenApi(ApiDescription.Configure);
        // By themselves ASP.NET Core's traces have no route and no status.
        builder.Services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddAspNetCoreInstrumentation());
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("chat");
        foreach (var check in ApiChecks.All)
            builder.Services.AddSingleton(check);
        return builder;
    }

    /// <summary>
    /// Puts a server without a port in place of the one that listens, for whoever asks the pipeline in-process, and no logs: what is asked
    /// there fails on purpose.
    /// </summary>
    public static void AddInProcessServer(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IServer, TestServer>();
        builder.Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
    }
}
