using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MistralTemplates.Tests.Rooms.Configuration;

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
    public async Task Poll_KubernetesSwapsItsLink_IsSeenWithinThePollInterval()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only GNU's mv can replace a link to a folder.");
        using var folder = new TemporaryFolder();
        folder.Write("..2026_01/key", Some.KeyValue(1));
        folder.Write("..2026_02/key", Some.KeyValue(2));
        var data = Path.Combine(folder.Path, "..data");
        Directory.CreateSymbolicLink(data, "..2026_01");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "key"), "..data/key");
        var time = new FakeTimeProvider();
        var source = new FilesKeySource(Options.Create(new FilesKeyOptions { Path = Path.Combine(folder.Path, "key") }));
        var ring = new KeyRing(
            source, new ConfigurationBuilder().Build(), Some.Environment("Production"), Options.Create(new KeyOptions()), () => new FakeKeyVerifier(KeyVerdict.Accepted), () => [],
            new KeyMetrics(), time, NullLogger<KeyRing>.Instance);
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
        using var polling = Polling(ring, source, time);
        await polling.StartAsync(TestContext.Current.CancellationToken);

        // As the kubelet does: the new link takes the old one's place in one step.
        Directory.CreateSymbolicLink(data + "_tmp", "..2026_02");
        using (var rename = System.Diagnostics.Process.Start("mv", ["-T", data + "_tmp", data]))
            await rename.WaitForExitAsync(TestContext.Current.CancellationToken);
        var seconds = 0;
        for (; seconds < new KeyOptions().PollInterval.TotalSeconds && !ring.Current.SameAs(Some.Key(2)); seconds++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await polling.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(ring.Current.SameAs(Some.Key(2)), $"Not seen after {seconds} seconds.");
    }

    [Fact]
    public async Task Poll_RecordingIsGivenUp_GoesOnPolling()
    {
        var time = new FakeTimeProvider();
        var askedAgain = new TaskCompletionSource();
        var asked = 0;
        var source = new FakeKeySource(Some.Key(1));
        var verifier = new FakeKeyVerifier((_, _) =>
        {
            if (++asked == 2)
                askedAgain.SetResult();
            return Task.FromResult(KeyVerdict.Accepted);
        });
        var ring = await Some.LoadedRing(source, verifier, time, events: new CollectingKeyEvents { Failure = new OperationCanceledException() });
        using var polling = Polling(ring, source, time);
        source.Key = Some.Key(2);

        await polling.StartAsync(TestContext.Current.CancellationToken);
        await AdvanceUntil(time, askedAgain.Task);

        Assert.False(polling.ExecuteTask!.IsCompleted);
        await polling.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A store that is throttled is not helped by being asked more often.</summary>
    [Fact]
    public async Task Poll_SourceFailsForLong_IsAskedLaterEachTime()
    {
        var time = new FakeTimeProvider();
        var (reads, fails) = (0, false);
        var source = new FakeKeySource(_ => ++reads > 0 && fails ? throw new InvalidOperationException() : Task.FromResult(Some.Key(1)));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), time);
        using var polling = Polling(ring, source, time);
        fails = true;

        await polling.StartAsync(TestContext.Current.CancellationToken);
        for (var step = 0; step < 240; step++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await polling.StopAsync(TestContext.Current.CancellationToken);
        // In 20 minutes: after a minute the first, then two or three soon, then one each minute.
        Assert.InRange(reads, 10, 30);
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

    private static KeyPolling Polling(KeyRing ring, KeySource source, TimeProvider time, params KeyValuePair<string, string?>[] settings) => new(
        ring, source, new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), Options.Create(new KeyOptions()), time, NullLogger<KeyPolling>.Instance);

    private static async Task AdvanceUntil(FakeTimeProvider time, Task done)
    {
        for (var second = 0; second < 180 && !done.IsCompleted; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(done, Task.Delay(20, TestContext.Current.CancellationToken));
        }

        await done.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }
}
