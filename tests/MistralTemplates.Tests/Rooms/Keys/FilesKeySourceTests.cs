using Acme.App.Keys;
using Acme.App.Keys.Sources;
using Microsoft.Extensions.Options;
using MistralTemplates.Harness;
using MistralTemplates.Tests.Rooms.Configuration;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class FilesKeySourceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task Read_AFileWithAKey_GivesItWithoutTheLineEnd(string end)
    {
        using var folder = new TemporaryFolder();
        var source = Source(folder.Write("key", Some.KeyValue(1) + end));

        var key = await source.ReadAsync(Token);

        Assert.True(key.SameAs(Some.Key(1)));
        Assert.NotEmpty(key.Version);
        Assert.NotNull(key.Since);
    }

    [Fact]
    public async Task Poll_KubernetesSwapsItsLink_SeesTheNewKeyAtOnce()
    {
        using var folder = new TemporaryFolder();
        folder.Write("..2026_01/key", Some.KeyValue(1));
        folder.Write("..2026_02/key", Some.KeyValue(2));
        var data = Path.Combine(folder.Path, "..data");
        Directory.CreateSymbolicLink(data, "..2026_01");
        var path = Path.Combine(folder.Path, "key");
        File.CreateSymbolicLink(path, Path.Combine("..data", "key"));
        var ring = SourceExpectations.RingOf(Source(path));
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(5), Token));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "..2026_02");
        await ring.PollAsync(Token);

        Assert.True(ring.Current.SameAs(Some.Key(2)));
    }

    /// <summary>Whoever opens a pipe that nobody writes to waits for ever, and no later read would be begun.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Poll_FileIsAPipeForATime_TakesTheKeyThatFollows(bool isLink)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files.");
        using var folder = new TemporaryFolder();
        var path = folder.Write("key", Some.KeyValue(1));
        var ring = SourceExpectations.RingOf(Source(path));
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(5), Token));

        File.Delete(path);
        (await Command.RunAsync("mkfifo", [isLink ? "pipe" : "key"], folder.Path, TimeSpan.FromMinutes(1), Token)).EnsureSuccess("mkfifo");
        if (isLink)
            File.CreateSymbolicLink(path, "pipe");
        await ring.PollAsync(Token);
        Assert.True(ring.Current.SameAs(Some.Key(1)));

        File.Delete(path);
        folder.Write("key", Some.KeyValue(2));
        await ring.PollAsync(Token);
        Assert.True(ring.Current.SameAs(Some.Key(2)));
    }

    [Fact]
    public async Task Poll_FileIsEmptyWhileItIsWritten_KeepsTheLastGoodKey()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("key", Some.KeyValue(1));
        var ring = SourceExpectations.RingOf(Source(path));
        Assert.Empty(await ring.LoadAsync(TimeSpan.FromSeconds(5), Token));

        folder.Write("key", "");
        await ring.PollAsync(Token);
        Assert.True(ring.Current.SameAs(Some.Key(1)));

        File.Delete(path);
        await ring.PollAsync(Token);
        Assert.True(ring.Current.SameAs(Some.Key(1)));
        Assert.Equal("There is no file with the key. The last good key stays in use.", ring.Health.Warning);
    }

    [Fact]
    public async Task Load_PathIsAFolder_SaysThatItCannotBeRead()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal("The file with the key cannot be read.", await SourceExpectations.ProblemOf(Source(folder.Path), Some.KeyValue(1)));
    }

    [Fact]
    public async Task Load_FileLargerThanAKey_IsRefusedWhole()
    {
        using var folder = new TemporaryFolder();
        var ring = SourceExpectations.RingOf(Source(folder.Write("key", string.Concat(Enumerable.Range(0, 200).Select(Some.KeyValue)))));

        Assert.Equal("The file holds more than a key.", Assert.Single(await ring.LoadAsync(TimeSpan.FromSeconds(5), Token)).Problem);
    }

    [Fact]
    public async Task Write_AKey_ReplacesWhatTheFileHoldsAndKeepsItFromOthers()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("key", Some.KeyValue(1) + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)0b110_100_100);
        var source = Source(path);

        Assert.True(await source.TryWriteAsync(Some.Key(2), Token));

        Assert.True((await source.ReadAsync(Token)).SameAs(Some.Key(2)));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Write_FileThatItsGroupReads_StaysSo()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows keeps access lists instead of modes.");
            return;
        }

        using var folder = new TemporaryFolder();
        var path = folder.Write("key", Some.KeyValue(1));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.True(await Source(path).TryWriteAsync(Some.Key(2), Token));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Write_FileIsALink_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var target = folder.Write("target", Some.KeyValue(1));
        var path = Path.Combine(folder.Path, "key");
        File.CreateSymbolicLink(path, target);

        await Assert.ThrowsAsync<KeySourceException>(() => Source(path).TryWriteAsync(Some.Key(2), Token));

        Assert.Equal(Some.KeyValue(1), await File.ReadAllTextAsync(target, Token));
    }

    /// <summary>The program reads the file as its owner, or by its group: it must stay the same file.</summary>
    [Fact]
    public async Task Write_AKey_StaysInTheSameFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no number of a file there.");
        using var folder = new TemporaryFolder();
        var path = folder.Write("key", Some.KeyValue(1));
        var before = (await Command.RunAsync("ls", ["-in", path], folder.Path, TimeSpan.FromMinutes(1), Token)).Output.Split(' ')[0];

        Assert.True(await Source(path).TryWriteAsync(Some.Key(2), Token));

        Assert.StartsWith(before + " ", (await Command.RunAsync("ls", ["-in", path], folder.Path, TimeSpan.FromMinutes(1), Token)).Output, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Write_ThatIsStopped_LeavesTheOldKey()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("key", Some.KeyValue(1));
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Source(path).TryWriteAsync(Some.Key(2), stop.Token));

        Assert.Equal(Some.KeyValue(1), await File.ReadAllTextAsync(path, Token));
    }

    [Fact]
    public async Task Write_WhereAFolderStands_IsRefused()
    {
        using var folder = new TemporaryFolder();

        await Assert.ThrowsAsync<KeySourceException>(() => Source(folder.Path).TryWriteAsync(Some.Key(2), Token));
    }

    internal static Task<TestedStore> StoreAsync(StoreFailure? failure)
    {
        var tested = new TestedStore { Failure = failure };
        var folder = new TemporaryFolder();
        return Task.FromResult(tested.With(new StoredFile(tested, folder), folder));
    }

    private static FilesKeySource Source(string path) => new(Options.Create(new FilesKeyOptions { Path = path }));

    /// <summary>A file that holds what the test says whenever it is read.</summary>
    private sealed class StoredFile(TestedStore tested, TemporaryFolder folder) : KeySource
    {
        private readonly FilesKeySource _source = Source(Path.Combine(folder.Path, "key"));

        public override string Name => _source.Name;

        public override string Setting => _source.Setting;

        public override string HowToReplace => _source.HowToReplace;

        public override Task<ApiKey> ReadAsync(CancellationToken cancellationToken)
        {
            var path = Path.Combine(folder.Path, "key");
            if (Directory.Exists(path))
                Directory.Delete(path);
            else
                File.Delete(path);
            if (tested.Failure == StoreFailure.Broken)
                Directory.CreateDirectory(path);
            else if (tested.Failure != StoreFailure.Missing)
                folder.Write("key", tested.Failure == StoreFailure.Empty ? "" : tested.Value);
            return _source.ReadAsync(cancellationToken);
        }
    }
}
