using Acme.App.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>Test data of the room, put together when the test runs.</summary>
internal static class Some
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A text that looks like a real key; another seed gives another key.</summary>
    public static string KeyValue(int seed)
    {
        var random = new Random(seed);
        return string.Create(32, random, (span, source) => source.GetItems(Letters.AsSpan(), span));
    }

    public static ApiKey Key(int seed) => new(KeyValue(seed), $"v{seed}");

    public static KeyRing Ring(
        FakeKeySource source, FakeKeyVerifier verifier, TimeProvider? time = null, KeyOptions? options = null, ILogger<KeyRing>? logger = null, params IKeyEvents[] events) =>
        new(
            source,
            new ConfigurationBuilder().Build(),
            Environment("Production"),
            Options.Create(options ?? new KeyOptions()),
            () => verifier,
            () => events,
            new KeyMetrics(),
            time ?? TimeProvider.System,
            logger ?? Microsoft.Extensions.Logging.Abstractions.NullLogger<KeyRing>.Instance);

    public static async Task<KeyRing> LoadedRing(
        FakeKeySource source, FakeKeyVerifier verifier, TimeProvider? time = null, KeyOptions? options = null, ILogger<KeyRing>? logger = null, params IKeyEvents[] events)
    {
        var ring = Ring(source, verifier, time, options, logger, events);
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        return ring;
    }

    public static IHostEnvironment Environment(string name) => new FakeEnvironment { EnvironmentName = name };

    private sealed class FakeEnvironment : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "";

        public string ApplicationName { get; set; } = "tests";

        public string ContentRootPath { get; set; } = "/";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}

/// <summary>A source that gives what the test puts into it.</summary>
internal sealed class FakeKeySource(Func<CancellationToken, Task<ApiKey>>? read = null) : KeySource
{
    private int _reads;

    public FakeKeySource(ApiKey key)
        : this() => Key = key;

    public ApiKey Key { get; set; } = Some.Key(0);

    public int Reads => Volatile.Read(ref _reads);

    public override string Name => "fake store";

    public override string Setting => "Keys:Fake";

    public override string HowToReplace => "Put the new key into the fake store.";

    public override Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        return read is null ? Task.FromResult(Key) : read(cancellationToken);
    }
}

internal sealed class FakeKeyVerifier(Func<ApiKey, CancellationToken, Task<KeyVerdict>> verify) : IKeyVerifier
{
    private int _asked;

    public FakeKeyVerifier(KeyVerdict verdict)
        : this((_, _) => Task.FromResult(verdict))
    {
    }

    public int Asked => Volatile.Read(ref _asked);

    public Task<KeyVerdict> VerifyAsync(ApiKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return verify(key, cancellationToken);
    }
}

internal sealed class CollectingKeyEvents : IKeyEvents
{
    public List<KeyEvent> Events { get; } = [];

    /// <summary>What recording ends with, instead of a record.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What recording waits for.</summary>
    public Task Writing { get; set; } = Task.CompletedTask;

    public Task RecordAsync(KeyEvent keyEvent)
    {
        if (Failure is not null)
            return Task.FromException(Failure);
        Events.Add(keyEvent);
        return Writing;
    }
}
