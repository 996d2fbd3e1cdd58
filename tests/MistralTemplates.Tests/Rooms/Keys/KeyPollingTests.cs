using Acme.App.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class KeyPollingTests
{
    [Fact]
    public async Task Poll_NewKeyInTheSource_IsTaken()
    {
        var time = new FakeTimeProvider();
        var taken = new TaskCompletionSource();
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier((_, _) =>
        {
            taken.TrySetResult();
            return Task.FromResult(KeyVerdict.Accepted);
        }), time);
        using var polling = Polling(ring, source, time);
        await polling.StartAsync(TestContext.Current.CancellationToken);
        source.Key = Some.Key(2);

        await AdvanceUntil(time, taken.Task);
        await ring.PollAsync(TestContext.Current.CancellationToken);
        await polling.StopAsync(TestContext.Current.CancellationToken);

        Assert.True(ring.Current.SameAs(Some.Key(2)));
    }

    [Fact]
    public async Task Poll_Offline_AsksNothing()
    {
        var source = new FakeKeySource(Some.Key(1));
        var ring = Some.Ring(source, new FakeKeyVerifier(KeyVerdict.Accepted));
        using var polling = Polling(ring, source, new FakeTimeProvider(), KeyValuePair.Create<string, string?>("Mistral:Offline", "true"));

        await polling.StartAsync(TestContext.Current.CancellationToken);
        await polling.ExecuteTask!;

        Assert.Equal(0, source.Reads);
    }

    private static KeyPolling Polling(KeyRing ring, IKeySource source, TimeProvider time, params KeyValuePair<string, string?>[] settings) => new(
        ring, source, new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), Options.Create(new KeyOptions()), time, NullLogger<KeyPolling>.Instance);

    private static async Task AdvanceUntil(FakeTimeProvider time, Task done)
    {
        for (var second = 0; second < 180 && !done.IsCompleted; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(done, Task.Delay(20, TestContext.Current.CancellationToken));
        }

        await done.WaitAsync(TestContext.Current.CancellationToken);
    }
}
