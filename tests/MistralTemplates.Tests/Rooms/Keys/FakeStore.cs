using System.Net;
using Acme.App.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>A secret store on loopback that answers as the test says.</summary>
internal sealed class FakeStore : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeStore(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public static async Task<FakeStore> Start(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new FakeStore(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>How a store can fail.</summary>
public enum StoreFailure
{
    Denied,
    Missing,
    Throttled,
    Broken,
    Hanging,
    Garbage,
    Empty,
}

/// <summary>What every source must keep to, whatever its store does.</summary>
internal static class SourceExpectations
{
    /// <summary>Loads a key and expects the one problem's sentence; nothing that is said may hold the canary.</summary>
    public static async Task<string> ProblemOf(IKeySource source, string canary, StoreFailure? failure = null)
    {
        var ring = RingOf(source);
        var limit = TimeSpan.FromSeconds(failure == StoreFailure.Hanging ? 1 : 60);
        var problem = Assert.Single(await ring.LoadAsync(limit, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(canary, problem.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(problem.Remedy);
        return problem.Problem;
    }

    public static KeyRing RingOf(IKeySource source) => new(
        source, new ConfigurationBuilder().Build(), Some.Environment("Production"), Options.Create(new KeyOptions()), () => new FakeKeyVerifier(KeyVerdict.Accepted), () => [],
        new KeyMetrics(), TimeProvider.System, NullLogger<KeyRing>.Instance);

    public static async Task Hang(HttpContext context)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    public static Task Answer(HttpContext context, int status, string body, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body);
    }
}
