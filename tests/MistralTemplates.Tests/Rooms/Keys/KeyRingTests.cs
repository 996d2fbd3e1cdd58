using Acme.App.Keys;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class KeyRingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Poll_NewValueAccepted_BecomesCurrentAndIsRecorded()
    {
        var source = new FakeKeySource(Some.Key(1));
        var events = new CollectingKeyEvents();
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), events: events);
        var inFlight = ring.Current;
        source.Key = Some.Key(2);

        await ring.PollAsync(Token);

        Assert.True(ring.Current.SameAs(Some.Key(2)));
        Assert.True(inFlight.SameAs(Some.Key(1)));
        Assert.Equal([new(true, "fake store", Some.Key(1).Fingerprint, "v1", Some.Key(2).Fingerprint, "v2", null)], events.Events);
    }

    [Fact]
    public async Task Poll_NewValueRefused_KeepsTheOldOneAndRaisesOneAlarm()
    {
        var source = new FakeKeySource(Some.Key(1));
        var events = new CollectingKeyEvents();
        var logger = new FakeLogger<KeyRing>();
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Rejected), logger: logger, events: events);
        source.Key = Some.Key(2);

        await ring.PollAsync(Token);
        await ring.PollAsync(Token);

        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.Equal("Mistral refused the new key.", Assert.Single(events.Events).Reason);
        Assert.Equal(LogLevel.Critical, Assert.Single(logger.Collector.GetSnapshot()).Level);
        Assert.Equal("Mistral refused the new key. The old key stays in use.", ring.Health.Warning);
    }

    /// <summary>Else the audit would say that the rotation is the doing of whoever's request met the refused key.</summary>
    [Fact]
    public async Task Refresh_ByARequest_IsRecordedAsNobodys()
    {
        var sender = new AsyncLocal<string?> { Value = "ada" };
        var seen = "nothing";
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier((_, _) =>
        {
            seen = sender.Value;
            return Task.FromResult(KeyVerdict.Accepted);
        }));
        source.Key = Some.Key(2);

        Assert.True((await ring.RefreshAsync(Some.Key(1), Token)).SameAs(Some.Key(2)));

        Assert.Null(seen);
        Assert.Equal("ada", sender.Value);
    }

    [Fact]
    public async Task Poll_InconclusiveThenAccepted_KeepsTheOldOneUntilThen()
    {
        var source = new FakeKeySource(Some.Key(1));
        var verdict = KeyVerdict.Inconclusive;
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier((_, _) => Task.FromResult(verdict)));
        source.Key = Some.Key(2);

        await ring.PollAsync(Token);
        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.False(ring.Settled);

        verdict = KeyVerdict.Accepted;
        await ring.PollAsync(Token);
        Assert.True(ring.Current.SameAs(Some.Key(2)));
        Assert.True(ring.Settled);
    }

    [Fact]
    public async Task Poll_VerifierThrowsOrHangs_CountsAsInconclusive()
    {
        var time = new FakeTimeProvider();
        var source = new FakeKeySource(Some.Key(1));
        var hanging = new TaskCompletionSource();
        var ring = await Some.LoadedRing(
            source, new FakeKeyVerifier(async (_, cancellationToken) =>
            {
                hanging.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return KeyVerdict.Accepted;
            }), time);
        source.Key = Some.Key(2);

        var poll = ring.PollAsync(Token);
        await hanging.Task.WaitAsync(Token);
        time.Advance(TimeSpan.FromSeconds(11));
        await poll;

        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.False(ring.Settled);
    }

    [Fact]
    public async Task Poll_SourceHangs_KeepsTheLastGoodValueAndSaysSo()
    {
        var time = new FakeTimeProvider();
        var hang = false;
        var asked = new TaskCompletionSource();
        var source = new FakeKeySource(async cancellationToken =>
        {
            if (hang)
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return Some.Key(1);
        });
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), time);
        hang = true;

        var poll = ring.PollAsync(Token);
        await asked.Task.WaitAsync(Token);
        time.Advance(TimeSpan.FromSeconds(30));
        await poll;

        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.Equal("The key's source did not answer in time. The last good key stays in use.", ring.Health.Warning);
        Assert.Equal(TimeSpan.FromSeconds(30), ring.Health.SinceRead);
    }

    [Theory]
    [InlineData("")]
    [InlineData("your-api-key-here")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Poll_ValueThatIsNoKey_IsNeverTakenNorShownToMistral(string value)
    {
        var source = new FakeKeySource(Some.Key(1));
        var verifier = new FakeKeyVerifier(KeyVerdict.Accepted);
        var ring = await Some.LoadedRing(source, verifier);
        source.Key = new ApiKey(value, "v2");

        await ring.PollAsync(Token);

        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.Equal(0, verifier.Asked);
    }

    [Fact]
    public async Task Poll_RecordCannotBeWritten_KeepsTheOldKey()
    {
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), events: new CollectingKeyEvents { Failure = new IOException("The disk is full.") });
        source.Key = Some.Key(2);

        await Assert.ThrowsAsync<IOException>(() => ring.PollAsync(Token));

        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.False(ring.Settled);
        Assert.Equal("What was found at the key's source could not be recorded yet. The old key stays in use.", ring.Health.Warning);
    }

    [Fact]
    public async Task Poll_RecordIsNeverWritten_IsLeftAfterTheTimeLimit()
    {
        var time = new FakeTimeProvider();
        var source = new FakeKeySource(Some.Key(1));
        var events = new CollectingKeyEvents { Writing = new TaskCompletionSource().Task };
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), time, events: events);
        source.Key = Some.Key(2);

        var poll = ring.PollAsync(Token);
        for (var step = 0; step < 500 && !poll.IsCompleted; step++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(poll, Task.Delay(20, Token));
        }

        Assert.True(poll.IsCompleted, "The ring waits for as long as the record is not written.");
        await Assert.ThrowsAsync<TimeoutException>(() => poll);
        Assert.True(ring.Current.SameAs(Some.Key(1)));
    }

    [Fact]
    public async Task Poll_RefusalCannotBeRecorded_IsRecordedOnceItCan()
    {
        var source = new FakeKeySource(Some.Key(1));
        var events = new CollectingKeyEvents { Failure = new IOException("The disk is full.") };
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Rejected), events: events);
        source.Key = Some.Key(2);
        await Assert.ThrowsAsync<IOException>(() => ring.PollAsync(Token));

        events.Failure = null;
        await ring.PollAsync(Token);

        Assert.Equal("Mistral refused the new key.", Assert.Single(events.Events).Reason);
    }

    [Fact]
    public async Task Poll_RefusedValueComesBackLater_RaisesTheAlarmAgain()
    {
        var source = new FakeKeySource(Some.Key(1));
        var events = new CollectingKeyEvents();
        var verifier = new FakeKeyVerifier((key, _) => Task.FromResult(key.SameAs(Some.Key(2)) ? KeyVerdict.Rejected : KeyVerdict.Accepted));
        var ring = await Some.LoadedRing(source, verifier, events: events);

        foreach (var seed in new[] { 2, 3, 2 })
        {
            source.Key = Some.Key(seed);
            await ring.PollAsync(Token);
        }

        Assert.Equal([false, true, false], events.Events.Select(one => one.IsTaken));
    }

    [Fact]
    public async Task Load_SourceGivesUpByItself_SaysSo()
    {
        var ring = Some.Ring(new FakeKeySource(_ => throw new TaskCanceledException("the store's own time limit")), new FakeKeyVerifier(KeyVerdict.Accepted));

        var problem = Assert.Single(await ring.LoadAsync(TimeSpan.FromSeconds(5), Token));

        Assert.Equal("The key's source failed with TaskCanceledException.", problem.Problem);
    }

    [Fact]
    public async Task Load_SourceBlocksTheThread_IsLeftAfterTheTimeLimit()
    {
        var time = new FakeTimeProvider();
        var asked = new TaskCompletionSource();
        using var block = new ManualResetEventSlim();
        var ring = Some.Ring(new FakeKeySource(_ =>
        {
            asked.SetResult();
            block.Wait(Token);
            return Task.FromResult(Some.Key(1));
        }), new FakeKeyVerifier(KeyVerdict.Accepted), time);

        var load = Task.Run(() => ring.LoadAsync(TimeSpan.FromSeconds(5), Token), Token);
        await asked.Task.WaitAsync(Token);
        time.Advance(TimeSpan.FromSeconds(6));
        await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(20), Token));
        var wasLeft = load.IsCompleted;
        block.Set();

        Assert.True(wasLeft, "The load waits for as long as the source blocks.");
        Assert.Equal("The key's source did not answer in time.", Assert.Single(await load).Problem);
    }

    [Fact]
    public async Task Poll_SourceStaysBlocked_HoldsOneThreadAndIsReadOnceItGoesOn()
    {
        var time = new FakeTimeProvider();
        using var block = new ManualResetEventSlim(initialState: true);
        var source = new FakeKeySource(cancellationToken =>
        {
            block.Wait(Token);
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(Some.Key(1));
        });
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), time);
        block.Reset();

        for (var poll = 0; poll < 3; poll++)
        {
            var looking = ring.PollAsync(Token);
            while (!looking.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(30));
                await Task.WhenAny(looking, Task.Delay(20, Token));
            }
        }

        Assert.Equal(2, source.Reads);
        Assert.StartsWith("The key's source did not answer in time.", ring.Health.Warning, StringComparison.Ordinal);

        block.Set();
        for (var poll = 0; poll < 100 && !ring.Settled; poll++)
            await ring.PollAsync(Token);
        Assert.True(ring.Settled);
    }

    [Fact]
    public async Task Poll_SameValueUnderAnotherVersion_ChangesNothing()
    {
        var source = new FakeKeySource(Some.Key(1));
        var verifier = new FakeKeyVerifier(KeyVerdict.Accepted);
        var ring = await Some.LoadedRing(source, verifier);
        source.Key = new ApiKey(Some.KeyValue(1), "v9");

        await ring.PollAsync(Token);

        Assert.Equal(0, verifier.Asked);
        Assert.Equal("v1", ring.Current.Version);
    }

    [Fact]
    public async Task Refresh_ManyCallersAtOnce_ShareOneReadOfTheSource()
    {
        var gate = new TaskCompletionSource();
        var first = true;
        var source = new FakeKeySource(async _ =>
        {
            if (first)
            {
                first = false;
                return Some.Key(1);
            }

            await gate.Task;
            return Some.Key(2);
        });
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted));
        var refused = ring.Current;

        var refreshes = Enumerable.Range(0, 50).Select(_ => ring.RefreshAsync(refused, Token).AsTask()).ToList();
        gate.SetResult();
        var keys = await Task.WhenAll(refreshes);

        Assert.All(keys, key => Assert.True(key.SameAs(Some.Key(2))));
        Assert.Equal(2, source.Reads);
    }

    [Fact]
    public async Task Refresh_KeyAlreadyReplaced_GivesTheCurrentOneWithoutAsking()
    {
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted));

        var key = await ring.RefreshAsync(Some.Key(7), Token);

        Assert.True(key.SameAs(Some.Key(1)));
        Assert.Equal(1, source.Reads);
    }

    /// <summary>The request was refused for its key, and not for what the audit could not write.</summary>
    [Fact]
    public async Task Refresh_WhatWasFoundCannotBeRecorded_GivesTheCurrentKey()
    {
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), events: new BrokenEvents());
        source.Key = Some.Key(2);

        Assert.True((await ring.RefreshAsync(Some.Key(1), Token)).SameAs(Some.Key(1)));
    }

    [Fact]
    public async Task Refresh_SourceHasNothingNew_RestsBeforeAskingAgain()
    {
        var time = new FakeTimeProvider();
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), time);

        for (var request = 0; request < 100; request++)
            Assert.True((await ring.RefreshAsync(ring.Current, Token)).SameAs(Some.Key(1)));
        Assert.Equal(2, source.Reads);

        time.Advance(TimeSpan.FromSeconds(3));
        await ring.RefreshAsync(ring.Current, Token);
        Assert.Equal(3, source.Reads);
    }

    [Fact]
    public async Task Refresh_JustAfterAPollFoundNothing_AsksTheSourceAgain()
    {
        var source = new FakeKeySource(Some.Key(1));
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted), new FakeTimeProvider());
        await ring.PollAsync(Token);
        source.Key = Some.Key(2);

        Assert.True((await ring.RefreshAsync(Some.Key(1), Token)).SameAs(Some.Key(2)));
    }

    [Fact]
    public async Task Refresh_WhileAPollHasReadTheOldKey_LooksOnceMore()
    {
        var reads = 0;
        var gate = new TaskCompletionSource<ApiKey>();
        var reading = new TaskCompletionSource();
        var source = new FakeKeySource(_ =>
        {
            switch (reads++)
            {
                case 0:
                    return Task.FromResult(Some.Key(1));
                case 1:
                    reading.SetResult();
                    return gate.Task;
                default:
                    return Task.FromResult(Some.Key(2));
            }
        });
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted));

        var poll = ring.PollAsync(Token);
        await reading.Task.WaitAsync(Token);
        var refresh = ring.RefreshAsync(Some.Key(1), Token).AsTask();
        gate.SetResult(Some.Key(1));
        await poll;

        Assert.True((await refresh).SameAs(Some.Key(2)));
    }

    /// <summary>The look that another began may have read before the new key was there.</summary>
    [Fact]
    public async Task Refresh_WhileAnothersLookHasReadTheOldKey_LooksOnceMore()
    {
        var reads = 0;
        var gate = new TaskCompletionSource<ApiKey>();
        var reading = new TaskCompletionSource();
        var source = new FakeKeySource(_ =>
        {
            if (reads++ == 1)
            {
                reading.SetResult();
                return gate.Task;
            }

            return Task.FromResult(Some.Key(reads == 1 ? 1 : 2));
        });
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted));

        var first = ring.RefreshAsync(Some.Key(1), Token).AsTask();
        await reading.Task.WaitAsync(Token);
        var second = ring.RefreshAsync(Some.Key(1), Token).AsTask();
        gate.SetResult(Some.Key(1));

        await first;
        Assert.True((await second).SameAs(Some.Key(2)));
    }

    [Fact]
    public async Task Refresh_CallerGoesAway_LeavesTheRefreshToTheOthers()
    {
        var gate = new TaskCompletionSource<ApiKey>();
        var source = new FakeKeySource(_ => Task.FromResult(Some.Key(1)));
        var reads = 0;
        source = new FakeKeySource(_ => reads++ == 0 ? Task.FromResult(Some.Key(1)) : gate.Task);
        var ring = await Some.LoadedRing(source, new FakeKeyVerifier(KeyVerdict.Accepted));
        using var leaving = new CancellationTokenSource();

        var left = ring.RefreshAsync(ring.Current, leaving.Token).AsTask();
        var stayed = ring.RefreshAsync(ring.Current, Token).AsTask();
        await leaving.CancelAsync();
        gate.SetResult(Some.Key(2));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.True((await stayed).SameAs(Some.Key(2)));
    }

    [Theory]
    [InlineData(80, false, true, null)]
    [InlineData(85, false, true, "The key will soon be older than Keys:MaxAge allows. Replace it.")]
    [InlineData(91, false, true, "The key is older than Keys:MaxAge allows. Replace it.")]
    [InlineData(91, true, false, "The key is older than Keys:MaxAge allows. Replace it.")]
    public async Task Health_AsTheKeyAges_WarnsBeforeAndFailsAfterIfSet(int days, bool fail, bool ready, string? warning)
    {
        var time = new FakeTimeProvider();
        var options = new KeyOptions { MaxAge = TimeSpan.FromDays(90), FailWhenTooOld = fail };
        var ring = await Some.LoadedRing(new FakeKeySource(Some.Key(1)), new FakeKeyVerifier(KeyVerdict.Accepted), time, options);

        time.Advance(TimeSpan.FromDays(days));

        Assert.Equal(ready, ring.Health.Ready);
        Assert.Equal(warning, ring.Health.Warning);
        Assert.Equal(TimeSpan.FromDays(days), ring.Health.Age);
    }

    [Fact]
    public async Task Health_KeyIsFromTheFuture_AgesFromNow()
    {
        var time = new FakeTimeProvider();
        var key = new ApiKey(Some.KeyValue(1), "v1", time.GetUtcNow().AddYears(5));
        var ring = await Some.LoadedRing(new FakeKeySource(key), new FakeKeyVerifier(KeyVerdict.Accepted), time);

        time.Advance(TimeSpan.FromDays(3));

        Assert.Equal(TimeSpan.FromDays(3), ring.Health.Age);
    }

    [Fact]
    public void Current_BeforeTheStart_SaysThatNothingWasRead()
    {
        var ring = Some.Ring(new FakeKeySource(Some.Key(1)), new FakeKeyVerifier(KeyVerdict.Accepted));

        Assert.Throws<InvalidOperationException>(() => ring.Current);
    }

    private sealed class BrokenEvents : IKeyEvents
    {
        public Task RecordAsync(KeyEvent keyEvent) => throw new IOException("The disk is full.");
    }
}
