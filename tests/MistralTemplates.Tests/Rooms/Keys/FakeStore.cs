using System.Net;
using Acme.App.Configuration;
using Acme.App.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
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

/// <summary>A store of one kind: what it holds, how it fails, and the source that asks it.</summary>
internal sealed class TestedStore : IAsyncDisposable
{
    private readonly List<object> _parts = [];

    public string Value { get; set; } = Some.KeyValue(1);

    public StoreFailure? Failure { get; set; }

    public KeySource Source { get; private set; } = null!;

    public static Task<TestedStore> StartAsync(string kind, StoreFailure? failure = null) => kind switch
    {
        "aws" => AwsKeySourceTests.StoreAsync(failure),
        "azure" => AzureKeySourceTests.StoreAsync(failure),
        "files" => FilesKeySourceTests.StoreAsync(failure),
        "gcp" => GcpKeySourceTests.StoreAsync(failure),
        _ => VaultKeySourceTests.StoreAsync(failure),
    };

    /// <summary>The source, and what else ends with this.</summary>
    public TestedStore With(KeySource source, params object[] parts)
    {
        Source = source;
        _parts.AddRange([source, .. parts]);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
            if (part is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (part as IDisposable)?.Dispose();
    }
}

/// <summary>What every source must keep to, whatever its store does.</summary>
internal static class SourceExpectations
{
    /// <summary>Loads a key and expects the one problem's sentence; nothing that is said anywhere may hold the canary.</summary>
    public static async Task<string> ProblemOf(KeySource source, string canary, StoreFailure? failure = null)
    {
        using var overheard = new Overheard();
        var logger = new FakeLogger<KeyRing>();
        var ring = RingOf(source, logger);
        var limit = TimeSpan.FromSeconds(failure == StoreFailure.Hanging ? 1 : 60);
        var problem = Assert.Single(await ring.LoadAsync(limit, TestContext.Current.CancellationToken));
        var exception = failure == StoreFailure.Hanging ? null : await Assert.ThrowsAnyAsync<Exception>(() => source.ReadAsync(TestContext.Current.CancellationToken));
        overheard.Say($"{ConfigurationReport.Format([problem])} {problem} {exception} {ring.Health} {source.Name} {source.HowToReplace}");
        AssertSilent(overheard, logger, canary);
        Assert.NotEmpty(problem.Remedy);
        return problem.Problem;
    }

    /// <summary>A source that worked fails: the key stays, neither the alarm nor anything else says it, and it recovers.</summary>
    public static async Task AssertKeepsKeySilently(TestedStore store, StoreFailure failure)
    {
        using var overheard = new Overheard();
        var logger = new FakeLogger<KeyRing>();
        var ring = RingOf(store.Source, logger, failure == StoreFailure.Hanging ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(30));
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));

        store.Failure = failure;
        await ring.PollAsync(TestContext.Current.CancellationToken);

        Assert.Equal(store.Value, ring.Current.Reveal());
        Assert.EndsWith("The last good key stays in use.", ring.Health.Warning, StringComparison.Ordinal);
        Assert.Equal(failure == StoreFailure.Hanging, ring.Health.Warning!.Contains("did not answer in time", StringComparison.Ordinal));
        Assert.NotEmpty(logger.Collector.GetSnapshot());
        overheard.Say($"{ring.Health} {ring.Current} {System.Text.Json.JsonSerializer.Serialize(ring.Current)}");
        AssertSilent(overheard, logger, store.Value);

        store.Failure = null;
        ring = RingOf(store.Source, logger);
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    private static void AssertSilent(Overheard overheard, FakeLogger<KeyRing> logger, string canary)
    {
        foreach (var record in logger.Collector.GetSnapshot())
            overheard.Say($"{record.Message} {string.Join(' ', record.StructuredState ?? [])} {record.Exception}");
        Assert.NotEmpty(overheard.ToString());
        Assert.DoesNotContain(canary, overheard.ToString(), StringComparison.Ordinal);
    }

    public static KeyRing RingOf(KeySource source, ILogger<KeyRing>? logger = null, TimeSpan? timeout = null) => new(
        source, new ConfigurationBuilder().Build(), Some.Environment("Production"), Options.Create(new KeyOptions { Timeout = timeout ?? new KeyOptions().Timeout }), () => new FakeKeyVerifier(KeyVerdict.Accepted), () => [],
        new KeyMetrics(), TimeProvider.System, logger ?? NullLogger<KeyRing>.Instance);

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
