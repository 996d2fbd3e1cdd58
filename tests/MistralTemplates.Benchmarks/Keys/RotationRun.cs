using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Acme.App.Configuration;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MistralTemplates.Benchmarks.Keys;

/// <summary>What came of a run.</summary>
internal sealed record RotationFigures(int Rotations, long Requests, long Failed, long Refused, TimeSpan Time);

/// <summary>Rotates the key many times while callers ask a server on loopback without pause, and counts what failed.</summary>
internal sealed class RotationRun : IAsyncDisposable
{
    private const int Callers = 8;
    private const int RequestsBetween = 2;

    private readonly ConcurrentDictionary<string, bool> _accepted = new();
    private readonly long[] _done = new long[Callers];
    private readonly FakeSource _source;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mistral-rotation-");
    private long _failed;
    private long _refused;
    private WebApplication? _server;
    private IHost? _host;

    public RotationRun()
    {
        _source = new FakeSource(NextKey(0));
        _accepted["Bearer " + _source.Key.Reveal()] = true;
    }

    /// <param name="rotations">How many times the key is replaced.</param>
    /// <param name="overlap">Whether the old key is still good until the program has taken the new one.</param>
    public async Task<RotationFigures> RunAsync(int rotations, bool overlap, CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        var ring = _host!.Services.GetRequiredService<KeyRing>();
        var watch = Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var callers = Enumerable.Range(0, Callers).Select(caller => CallAsync(caller, stop.Token)).ToList();

        for (var rotation = 1; rotation <= rotations; rotation++)
        {
            await LetAllCallAsync(cancellationToken);
            var old = _source.Key;
            var next = NextKey(rotation);
            _accepted["Bearer " + next.Reveal()] = true;
            _source.Key = next;
            if (overlap)
                await ring.PollAsync(cancellationToken);
            _accepted.TryRemove("Bearer " + old.Reveal(), out _);
        }

        await LetAllCallAsync(cancellationToken);
        await stop.CancelAsync();
        await Task.WhenAll(callers);
        return new RotationFigures(rotations, _done.Sum(), _failed, _refused, watch.Elapsed);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var server = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        server.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = server.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync(cancellationToken);

        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "appsettings.json"), "{}", cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_folder.FullName, "appsettings.Production.json"), """{ "Policy": { "AllowedModels": [ "mistral-small-latest" ], "MaxTokensPerRequest": 100 } }""", cancellationToken);
        var home = ProgramHome.At(_folder.FullName);
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = home.Arguments, ContentRootPath = home.ContentRoot, EnvironmentName = "Production" });
        builder.AddConfiguration(home);
        builder.Configuration.AddInMemoryCollection([new("Mistral:Endpoint", _server.Urls.Single())]);
        builder.AddKeys();
        builder.AddMistral();
        builder.Services.AddSingleton<KeySource>(_source);
        builder.Logging.ClearProviders();
        _host = builder.Build();
        await _host.CheckConfigurationAsync(cancellationToken);
    }

    private async Task CallAsync(int caller, CancellationToken cancellationToken)
    {
        var models = _host!.Services.GetRequiredService<MistralModels>();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await models.ListAsync(CancellationToken.None);
            }
            catch (MistralException)
            {
                Interlocked.Increment(ref _failed);
            }

            Interlocked.Increment(ref _done[caller]);
        }
    }

    private async Task LetAllCallAsync(CancellationToken cancellationToken)
    {
        var goals = _done.Select(done => done + RequestsBetween).ToArray();
        while (Enumerable.Range(0, Callers).Any(caller => Interlocked.Read(ref _done[caller]) < goals[caller]))
            await Task.Delay(1, cancellationToken);
    }

    private Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        if (_accepted.ContainsKey(context.Request.Headers.Authorization.ToString()))
            return context.Response.WriteAsync("""{ "object": "list", "data": [ { "id": "mistral-small-latest" } ] }""");

        Interlocked.Increment(ref _refused);
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return context.Response.WriteAsync("""{ "detail": "Unauthorized" }""");
    }

    private static ApiKey NextKey(int number) => new(Guid.NewGuid().ToString("N"), $"v{number}");

    private sealed class FakeSource(ApiKey first) : KeySource
    {
        private volatile ApiKey _key = first;

        public ApiKey Key
        {
            get => _key;
            set => _key = value;
        }

        public override string Name => "fake store";

        public override string Setting => "Keys:Fake";

        public override string HowToReplace => "Put the new key into the fake store.";

        public override Task<ApiKey> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(Key);
    }
}
